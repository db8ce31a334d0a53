/** Pages of the own archive (XEP-0313) from a place on, each stored before the next is asked for. */
import type { Archived, ArchiveQuery, LiveSession } from '../contract/session.ts'
import { timestamp } from '../outbox/message-record.ts'
import type { Clock } from '../ports/clock.ts'
import { isRefusal } from '../session/iq-correlator.ts'
import type { Archive } from './archive.ts'
import { archiveMarks, type Mark } from './archive-marks.ts'
import type { Receiver } from './dispatch.ts'
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
export const WITHIN = 300_000
/** ms that one page may take, and longer where it is on its way still: a dead link is found before, and is no refusal */
const PAGE_WITHIN = { timeout: 45_000, most: WITHIN }

/** Why not everything could be restored; undefined: it could. */
export type Missing = 'archive-unavailable' | 'too-many' | undefined

/** What restoring takes. */
export interface Restoring {
  session: LiveSession
  archive: Pick<Archive, 'page'>
  inbound: Pick<Inbound, 'enqueue'>
  receiver: Pick<Receiver, 'archived'>
  clock: Clock
  watch: Pick<Watch, 'isAlone'>
}

interface Choice {
  wanted?: (item: Archived) => boolean
  /** Everything up to this message is stored. */
  onRestored?: (last: Archived) => Promise<unknown>
}

/** Everything from a place on. Rejects where the link is lost. */
export async function restoreFrom(restoring: Restoring, place: Omit<ArchiveQuery, 'limit'>, choice: Choice = {}): Promise<Missing> {
  const { archive, clock } = restoring
  const { wanted = () => true, onRestored } = choice
  const deadline = clock.monotonic() + WITHIN
  let query = place
  let count = 0
  try {
    for (;;) {
      const page = await archive.page({ ...query, limit: PAGE }, PAGE_WITHIN)
      const items = sinceFirst(restoring, page.items).filter(wanted)
      count += items.length
      await store(restoring, items)
      const newest = items.at(-1)
      if (newest) await onRestored?.(newest)
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

/** Everything since a message. */
export async function restoreSince(restoring: Restoring, { id, at }: Mark, choice: Choice): Promise<Missing> {
  const { session, archive } = restoring
  const byTime = () => restoreFrom(restoring, { start: timestamp(Math.max(0, at - OVERLAP)) }, choice)
  if (id === '') return await byTime()
  try {
    const { items } = await archive.page({ before: id, limit: PAGE }, PAGE_WITHIN)
    if (id !== session.state.get(archiveMarks, 'first')?.id) await store(restoring, sinceFirst(restoring, items))
  } catch (error) {
    if (!isRefusal(error)) throw error
    return await byTime()
  }
  return await restoreFrom(restoring, { after: id }, choice)
}

/** A few in each commit: the store has to take it in time, however large they are. */
async function store({ inbound, receiver, watch }: Restoring, items: readonly Archived[]): Promise<void> {
  for (let from = 0; from < items.length; ) {
    const some = items.slice(from, from + (watch.isAlone() ? 1 : PART))
    from += some.length
    await inbound.enqueue(() => receiver.archived(some))
  }
}

/** What was there before the session was made is history, not something missed. */
function sinceFirst({ session, clock }: Restoring, items: readonly Archived[]): readonly Archived[] {
  const { id: first, at: since } = session.state.get(archiveMarks, 'first') ?? {}
  if (!first || since === undefined) return items
  const place = items.findIndex(({ id }) => id === first)
  return items.slice(place + 1).filter(({ stamp }) => (sentAt(stamp, clock)?.first ?? since) >= since)
}
