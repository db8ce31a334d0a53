import type { Archived } from '../contract/session.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { Store } from '../ports/store.ts'
import { isRefusal } from '../session/iq-correlator.ts'
import type { Archive } from './archive.ts'
import { archiveMarks, type Mark, noteArchived } from './archive-marks.ts'
import type { Receiver } from './dispatch.ts'
import { gapEvent } from './gap.ts'
import { type Missing, type Restoring, restoreFrom, restoreSince, WITHIN } from './restoring.ts'
import { findFates } from './unknown-fate.ts'

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

/** Reading the own archive (XEP-0313) after a stream that could not be resumed. */
export function createCatchUp(
  options: Restoring & {
    archive: Archive
    receiver: Receiver
    outbox: Outbox
    store: Pick<Store, 'log'>
    /** the session as its events tell it */
    view: () => Promise<Record<string, unknown>>
  },
): CatchUp {
  const { session, archive, inbound, receiver, store, clock, view } = options
  const { held } = receiver
  const lastKnown = () => session.state.get(archiveMarks, 'last')
  const due = () => session.state.get(archiveMarks, 'owed')
  /** the newest run: an older one releases nothing any more */
  let newest = {}

  if (due()) held.begin()

  async function begin(): Promise<(() => Promise<void>) | undefined> {
    if (lastKnown()) return undefined
    held.begin()
    const run = {}
    newest = run
    const page = await archive.page({ before: '', limit: 1 }, BEGIN_WITHIN).catch((error) => {
      if (!isRefusal(error)) throw error
    })
    const item = page?.items.at(-1)
    const note = (name: 'first' | 'last') => noteArchived(clock, item?.id ?? '', item?.stamp, name)
    await session.commit({ state: [note('first'), note('last')] })
    if (!page) {
      await release(run)
      return async () => {}
    }
    const last = lastKnown()
    if (last) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return async () => {
      // a server that sends the same as offline messages sends it in the right place
      await restoreFrom(options, item ? { after: item.id } : {}, { wanted: ({ id }) => !held.has(id) })
      await release(run)
      await session.commit(noLongerDue(run))
    }
  }

  async function release(run: object): Promise<void> {
    await inbound.enqueue(async () => (newest === run ? await held.release() : { change: {}, after: [] }))
  }

  const noLongerDue = (run: object): Change => (newest === run ? { state: [archiveMarks.remove('owed')] } : {})

  async function markDue(): Promise<object> {
    const run = {}
    newest = run
    const last = lastKnown()
    if (last) held.begin()
    if (last && !due()) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return run
  }

  async function finish(run: object, since: Mark, cursor: string, missing: Missing): Promise<void> {
    const last = lastKnown()
    if (missing === undefined && last?.id) await restoreFrom(options, { after: last.id })
    await release(run)
    const { id } = session.record
    const done = { type: 'session.caught-up', subject: id, data: { ...(await view()), restored: await countRestored(store, id, cursor) } }
    const events = missing === undefined ? [done] : [gapEvent(clock, missing, { since: since.at }), done]
    await session.commit({ events, ...noLongerDue(run) })
  }

  return {
    begin,
    markDue,
    isDue: () => due() !== undefined,

    async run() {
      const run = await markDue()
      const since = due()
      if (!since) return async () => {}
      const cursor = await store.log.end(session.record.id)
      // one that is cut off is taken up where it came to: a busy archive would never be read else
      const onRestored = async ({ id, stamp }: Archived) => {
        if (newest === run) await session.commit({ state: [noteArchived(clock, id, stamp, 'owed')] })
      }
      const missing = await restoreSince(options, since, { onRestored })
      return () => finish(run, since, cursor, missing)
    },

    doubts: () => findFates(options),
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
