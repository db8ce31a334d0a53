import type { Archived } from '../contract/session.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { Store } from '../ports/store.ts'
import type { Announcer } from '../session/announcer.ts'
import { isRefusal } from '../session/iq-correlator.ts'
import type { Archive } from './archive.ts'
import { archiveMarks, type Mark, noteArchived } from './archive-marks.ts'
import type { Receiver } from './dispatch.ts'
import { gapEvent } from './gap.ts'
import { type Missing, type Restoring, restoreFrom, restoreSince, WITHIN } from './restoring.ts'
import { type FateSearch, findFates } from './unknown-fate.ts'

/** ms for the place to start from, which the log-in waits for */
const BEGIN_WITHIN = { timeout: 15_000, most: WITHIN }
/** events that are read at one time to count what was restored */
const COUNTED_AT_ONCE = 500

export interface CatchUp {
  /**
   * The very first start: nothing was missed, only the place to start from later is noted; undefined where one is known already.
   * What it answers is to be called after own presence was sent: what came in between is in the archive alone.
   */
  begin(): Promise<(() => Promise<void>) | undefined>
  /** From now on messages wait, until `run` has restored what comes before them; that it is due outlives the process. */
  markDue(): Promise<unknown>
  /** `run` did not come to its end, here or in another process */
  isDue(): boolean
  /**
   * Restores what was missed since the last message known: before own presence is sent, so that the server does not send the
   * same as offline messages. What it answers is to be called after: it restores what came in between, lets in what waited, and
   * tells what was restored. Rejects when the link is lost over it; then messages go on waiting for the next run.
   */
  run(): Promise<() => Promise<void>>
  /** Looks up in the archive which messages of unknown fate the server got; what is not found there is sent again. */
  doubts(): Promise<void>
}

export interface CatchUpContext extends Restoring {
  archive: Pick<Archive, 'page'>
  receiver: Receiver
  outbox: Outbox
  features: FateSearch['features']
  store: Pick<Store, 'log'>
  announcer: Pick<Announcer, 'view'>
}

/** Reading the own archive (XEP-0313) after a stream that could not be resumed. */
export const createCatchUp = (context: CatchUpContext): CatchUp => new CatchUpOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class CatchUpOfSession implements CatchUp {
  readonly #context: CatchUpContext
  /** the newest run: an older one releases nothing any more */
  #newest = {}

  constructor(context: CatchUpContext) {
    this.#context = context
    if (this.isDue()) context.receiver.held.begin()
  }

  isDue(): boolean {
    return this.#due() !== undefined
  }

  async begin(): Promise<(() => Promise<void>) | undefined> {
    const { session, archive, receiver, clock } = this.#context
    const { held } = receiver
    if (this.#lastKnown()) return undefined
    held.begin()
    const run = {}
    this.#newest = run
    const page = await archive.page({ before: '', limit: 1 }, BEGIN_WITHIN).catch((error) => {
      if (!isRefusal(error)) throw error
    })
    const item = page?.items.at(-1)
    const note = (name: 'first' | 'last') => noteArchived(clock, item?.id ?? '', item?.stamp, name)
    await session.commit({ state: [note('first'), note('last')] })
    if (!page) {
      await this.#release(run)
      return async () => {}
    }
    const last = this.#lastKnown()
    if (last) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return async () => {
      // a server that sends the same as offline messages sends it in the right place
      await restoreFrom(this.#context, item ? { after: item.id } : {}, { wanted: ({ id }) => !held.has(id) })
      await this.#release(run)
      await session.commit(this.#noLongerDue(run))
    }
  }

  async markDue(): Promise<object> {
    const { session, receiver } = this.#context
    const run = {}
    this.#newest = run
    const last = this.#lastKnown()
    if (last) receiver.held.begin()
    if (last && !this.isDue()) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return run
  }

  async run(): Promise<() => Promise<void>> {
    const { session, store, clock } = this.#context
    const run = await this.markDue()
    const since = this.#due()
    if (!since) return async () => {}
    const cursor = await store.log.end(session.record.id)
    // one that is cut off is taken up where it came to: a busy archive would never be read else
    const onRestored = async ({ id, stamp }: Archived) => {
      if (this.#newest === run) await session.commit({ state: [noteArchived(clock, id, stamp, 'owed')] })
    }
    const missing = await restoreSince(this.#context, since, { onRestored })
    return () => this.#finish(run, since, cursor, missing)
  }

  doubts(): Promise<void> {
    return findFates(this.#context)
  }

  #lastKnown(): Mark | undefined {
    return this.#context.session.state.get(archiveMarks, 'last')
  }

  #due(): Mark | undefined {
    return this.#context.session.state.get(archiveMarks, 'owed')
  }

  async #release(run: object): Promise<void> {
    const { inbound, receiver } = this.#context
    await inbound.enqueue(async () => (this.#newest === run ? await receiver.held.release() : { change: {}, after: [] }))
  }

  #noLongerDue(run: object): Change {
    return this.#newest === run ? { state: [archiveMarks.remove('owed')] } : {}
  }

  async #finish(run: object, since: Mark, cursor: string, missing: Missing): Promise<void> {
    const { session, store, clock, announcer } = this.#context
    const last = this.#lastKnown()
    if (missing === undefined && last?.id) await restoreFrom(this.#context, { after: last.id })
    await this.#release(run)
    const { id } = session.record
    const done = {
      type: 'session.caught-up',
      subject: id,
      data: { ...(await announcer.view()), restored: await countRestored(store, id, cursor) },
    }
    const events = missing === undefined ? [done] : [gapEvent(clock, missing, { since: since.at }), done]
    await session.commit({ events, ...this.#noLongerDue(run) })
  }
}

/** events that came from the archive, after a cursor */
async function countRestored(store: Pick<Store, 'log'>, id: string, cursor: string): Promise<number> {
  let count = 0
  for (let after = cursor; ; ) {
    const { events, next, end } = await store.log.read(id, after, COUNTED_AT_ONCE)
    count += events.filter(({ data }) => (data as { source?: unknown } | null)?.source === 'archive').length
    if (end || next === after) return count
    after = next
  }
}
