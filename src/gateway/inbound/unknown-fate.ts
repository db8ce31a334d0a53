import { actingAs } from '../component/acting.ts'
import type { Feature } from '../contract/feature.ts'
import type { Archived, LiveSession } from '../contract/session.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutboxEntry } from '../ports/message.ts'
import { isRefusal } from '../session/iq-correlator.ts'
import type { Archive } from './archive.ts'
import { isFrom, ownRecord } from './provenance.ts'
import { sentAt } from './stamp.ts'

/** messages of one page */
const PAGE = 50
/** ms between the time of the archive and ours: clocks differ */
const OVERLAP = 300_000
/** ms for finding it out; a page that is on its way then is awaited */
const WITHIN = 10_000
const MOST = 120_000

/** What it takes to find out what became of messages. */
export interface FateSearch {
  session: LiveSession
  archive: Pick<Archive, 'page'>
  outbox: Pick<Outbox, 'loaded' | 'doubts' | 'confirm' | 'settleDoubts'>
  clock: Clock
  features: readonly Pick<Feature, 'findsOut'>[]
}

/** A room would show a repeated message twice; elsewhere the same id makes a repeat harmless. */
export const goesAgain = ({ type }: OutboxEntry) => type !== 'groupchat'

/** Messages of unknown fate, but for those that a feature finds out about as the address that sent them. */
export const openDoubts = ({ session, outbox, features }: Pick<FateSearch, 'session' | 'features'> & { outbox: Pick<Outbox, 'doubts'> }) =>
  outbox.doubts().filter((entry) => !features.some((feature) => feature.findsOut?.(entry, actingAs(session, entry.from))))

/** Looks up in the own archive which messages of unknown fate the server got, but for those that a feature finds out about; what is not found there is sent again. */
export async function findFates(search: FateSearch): Promise<void> {
  const { session, archive, outbox, clock } = search
  await outbox.loaded()
  const doubts = openDoubts(search)
  if (doubts.length === 0) return
  const since = doubts.reduce((first, { acceptedAt }) => Math.min(first, acceptedAt), Number.POSITIVE_INFINITY)
  const ids = new Set(doubts.map(({ id }) => id))
  const isSettled = () => !outbox.doubts().some(({ id }) => ids.has(id))
  const deadline = clock.monotonic() + WITHIN
  try {
    let before = ''
    for (let left = WITHIN; left > 0; left = deadline - clock.monotonic()) {
      const { items, complete, first } = await archive.page({ before, limit: PAGE }, { timeout: left, most: MOST })
      for (const { id, stanza } of items) {
        const sent = isFrom(stanza, session.record.jid) ? await ownRecord(stanza, session) : undefined
        if (sent) outbox.confirm(sent.id, id)
      }
      if (complete || first === undefined || isSettled() || (await reaches(search, since, items))) break
      before = first
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  outbox.settleDoubts(ids, goesAgain)
}

/** Do these begin before what was accepted since? What the server got before is no longer in doubt. */
async function reaches({ session, clock }: FateSearch, since: number, items: readonly Archived[]): Promise<boolean> {
  if (items.some(({ stamp }) => (sentAt(stamp, clock)?.first ?? since) < since - OVERLAP)) return true
  const own = items.map(({ stanza }) => stanza).find((stanza) => isFrom(stanza, session.record.jid))
  const record = own && (await ownRecord(own, session))
  return record !== undefined && record.acceptedAt < since
}
