import type { Element } from '../../xml/element.ts'
import type { Archived, ArchiveQuery, LiveSession } from '../contract/session.ts'
import { timestamp } from '../outbox/message-record.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { isRefusal } from '../session/iq-correlator.ts'
import type { Archive } from './archive.ts'
import { archiveMarks, type Mark, noteArchived } from './archive-marks.ts'
import type { Receiver } from './dispatch.ts'
import { gapEvent } from './gap.ts'
import { isFrom, ownRecord } from './provenance.ts'
import type { Watch } from './quarantine.ts'
import type { Inbound } from './queue.ts'
import { sentAt } from './stamp.ts'

/** messages of one page; as many before the last one known to be archived are looked at again, since servers archive late */
const PAGE = 50
/** messages of a page that are stored in one commit */
const PART = 10
/** ms before the last message known at which a look by time starts, where its id is of no use: clocks differ */
const OVERLAP = 300_000
/** messages, and ms, that one catch-up may take; beyond is told as a gap */
const MOST = 10_000
const WITHIN = 300_000
/** ms that one page may take, and longer where it is on its way still: a dead link is found before, and is no refusal */
const PAGE_WITHIN = { timeout: 45_000, most: WITHIN }
/** ms for the place to start from, which the log-in waits for */
const BEGIN_WITHIN = { timeout: 15_000, most: WITHIN }
/** ms for finding out what became of messages that the server may have got; a page that is on its way then is awaited */
const DOUBTS_WITHIN = 10_000
const DOUBTS_MOST = 120_000

/** why not everything could be restored */
type Missing = 'archive-unavailable' | 'too-many' | undefined

export interface CatchUp {
  /**
   * The very first start: nothing was missed, only the place to start from later is noted; undefined where one is known already.
   * What it answers is to be called after own presence was sent: what came in between is in the archive alone.
   */
  begin(): Promise<(() => Promise<void>) | undefined>
  /** From now on messages wait, until `run` has restored what comes before them; that it is owed outlives the process. */
  owe(): Promise<unknown>
  /** something is owed: `run` did not come to its end, here or in another process */
  isOwing(): boolean
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
export function createCatchUp({
  session,
  archive,
  inbound,
  receiver,
  outbox,
  store,
  clock,
  watch,
  view,
}: {
  session: LiveSession
  archive: Archive
  inbound: Inbound
  receiver: Receiver
  outbox: Outbox
  store: Store
  clock: Clock
  watch: Pick<Watch, 'alone'>
  /** the session as its events tell it */
  view: () => Promise<Record<string, unknown>>
}): CatchUp {
  /** the newest message when the session was made */
  const first = () => session.state.get(archiveMarks, 'first')
  const lastKnown = () => session.state.get(archiveMarks, 'last')
  /** the last message known when messages began to wait */
  const owed = () => session.state.get(archiveMarks, 'owed')
  /** of the newest run: an older one releases nothing any more */
  let turn = {}

  if (owed()) receiver.hold()

  /** A few in each commit: the store has to take it in time, however large they are. */
  async function take(items: readonly Archived[]): Promise<void> {
    for (let from = 0; from < items.length; ) {
      const some = items.slice(from, from + (watch.alone ? 1 : PART))
      from += some.length
      await inbound.enqueue(() => receiver.archived(some))
    }
  }

  /** Pages from a place on, each stored before the next is asked for. Answers why it ended early, if it did. */
  async function restore(
    from: Omit<ArchiveQuery, 'limit'>,
    {
      wanted = () => true,
      came = async () => {},
    }: { wanted?: (item: Archived) => boolean; came?: (last: Archived) => Promise<unknown> } = {},
  ): Promise<Missing> {
    const deadline = clock.monotonic() + WITHIN
    let query = from
    let count = 0
    try {
      for (;;) {
        const page = await archive.page({ ...query, limit: PAGE }, PAGE_WITHIN)
        const items = sinceBegin(page.items).filter(wanted)
        count += items.length
        await take(items)
        const newest = items.at(-1)
        if (newest) await came(newest)
        // a page may be empty before the last one: of what was left out of it
        if (page.complete || page.last === undefined || page.last === query.after) return undefined
        if (count >= MOST || clock.monotonic() > deadline) return 'too-many'
        query = { after: page.last }
      }
    } catch (error) {
      if (!isRefusal(error)) throw error
      return 'archive-unavailable'
    }
  }

  /** All since a message. A run that is cut off is taken up where it came to: a busy archive would never be read else. */
  async function restoreSince({ id, at }: Mark, mine: object): Promise<Missing> {
    const came = async ({ id: last, stamp }: Archived) => {
      if (turn === mine) await session.commit({ state: [noteArchived(clock, last, stamp, 'owed')] })
    }
    const byTime = () => restore({ start: timestamp(Math.max(0, at - OVERLAP)) }, { came })
    if (id === '') return await byTime()
    try {
      const { items } = await archive.page({ before: id, limit: PAGE }, PAGE_WITHIN)
      if (id !== first()?.id) await take(sinceBegin(items))
    } catch (error) {
      if (!isRefusal(error)) throw error
      return await byTime()
    }
    return await restore({ after: id }, { came })
  }

  /** What was there before the session was made is history, not something missed. */
  function sinceBegin(items: readonly Archived[]): readonly Archived[] {
    const { id: begun, at: since } = first() ?? {}
    if (!begun || since === undefined) return items
    const at = items.findIndex(({ id }) => id === begun)
    return items.slice(at + 1).filter(({ stamp }) => (sentAt(stamp, clock)?.first ?? since) >= since)
  }

  async function begin(): Promise<(() => Promise<void>) | undefined> {
    if (lastKnown()) return undefined
    receiver.hold()
    const mine = {}
    turn = mine
    const page = await archive.page({ before: '', limit: 1 }, BEGIN_WITHIN).catch((error) => {
      if (!isRefusal(error)) throw error
    })
    const newest = page?.items.at(-1)
    const note = (name: 'first' | 'last') => noteArchived(clock, newest?.id ?? '', newest?.stamp, name)
    await session.commit({ state: [note('first'), note('last')] })
    if (!page) {
      await release(mine)
      return async () => {}
    }
    const last = lastKnown()
    if (last) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return async () => {
      // a server that sends the same as offline messages sends it in the right place
      await restore(newest ? { after: newest.id } : {}, { wanted: ({ id }) => !receiver.holds(id) })
      await release(mine)
      await session.commit(paid(mine))
    }
  }

  async function release(mine: object): Promise<void> {
    await inbound.enqueue(async () => (turn === mine ? await receiver.release() : { change: {}, after: [] }))
  }

  const paid = (mine: object): Change => (turn === mine ? { state: [archiveMarks.remove('owed')] } : {})

  async function restored(since: string): Promise<number> {
    let count = 0
    for (let after = since; ; ) {
      const { events, next, end } = await store.log.read(session.record.id, after, 500)
      count += events.filter(({ data }) => (data as { source?: unknown } | null)?.source === 'archive').length
      if (end || next === after) return count
      after = next
    }
  }

  async function owe(): Promise<object> {
    const mine = {}
    turn = mine
    const last = lastKnown()
    if (last) receiver.hold()
    if (last && !owed()) await session.commit({ state: [archiveMarks.put('owed', last)] })
    return mine
  }

  async function finish(mine: object, last: Mark, before: string, missing: Missing): Promise<void> {
    const newest = lastKnown()
    if (missing === undefined && newest?.id) await restore({ after: newest.id })
    await release(mine)
    const done = { type: 'session.caught-up', subject: session.record.id, data: { ...(await view()), restored: await restored(before) } }
    const events = missing === undefined ? [done] : [gapEvent(clock, missing, { since: last.at }), done]
    await session.commit({ events, ...paid(mine) })
  }

  /** Do these begin before what was accepted since? What the server got before is no longer in doubt. */
  async function reaches(since: number, items: readonly Archived[]): Promise<boolean> {
    if (items.some(({ stamp }) => (sentAt(stamp, clock)?.first ?? since) < since - OVERLAP)) return true
    const own = items.map(({ stanza }) => stanza).find(isOwn)
    const record = own && (await ownRecord(own, session))
    return record !== undefined && record.acceptedAt < since
  }

  const isOwn = (stanza: Element) => isFrom(stanza, session.record.jid)

  return {
    begin,

    owe,
    isOwing: () => owed() !== undefined,

    async run() {
      const mine = await owe()
      const last = owed()
      if (!last) return async () => {}
      const before = await store.log.end(session.record.id)
      const missing = await restoreSince(last, mine)
      return () => finish(mine, last, before, missing)
    },

    async doubts() {
      await outbox.loaded()
      const doubts = outbox.doubts()
      if (doubts === undefined) return
      const { since, ids } = doubts
      const deadline = clock.monotonic() + DOUBTS_WITHIN
      try {
        let before = ''
        for (let left = DOUBTS_WITHIN; left > 0; left = deadline - clock.monotonic()) {
          const { items, complete, first } = await archive.page({ before, limit: PAGE }, { timeout: left, most: DOUBTS_MOST })
          for (const { id, stanza } of items) {
            const sent = isOwn(stanza) ? await ownRecord(stanza, session) : undefined
            if (sent) outbox.confirm(sent.id, id)
          }
          if (complete || first === undefined || outbox.doubts() === undefined || (await reaches(since, items))) break
          before = first
        }
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
      outbox.settleDoubts(ids)
    },
  }
}
