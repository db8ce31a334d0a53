/**
 * Messages to rooms of which nobody knows whether they came, for their stream ended before the server counted them. A room would show a
 * repeated one twice, so its archive is asked, once the session is in it again: then all that was sent before has come, or never will.
 */
import type { Archived, LiveSession } from '../../gateway/contract/session.ts'
import { authorsId } from '../../gateway/inbound/provenance.ts'
import { timestamp } from '../../gateway/outbox/message-record.ts'
import type { OutboxEntry } from '../../gateway/ports/message.ts'
import { isRefusal } from '../../gateway/session/iq-correlator.ts'
import { accountOf } from '../../jid.ts'
import { HINTS } from '../../protocol/namespaces.ts'
import { child } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { isComing, roomOf, speakerOf, wantedRooms } from '../room-state.ts'

/** messages of one page */
const PAGE = 50
/** ms before the oldest of them at which the look begins: clocks differ */
const OVERLAP = 300_000
/** ms after which no further page is asked for, and that a page may take */
const WITHIN = 30_000
const PAGE_WITHIN = { timeout: 15_000, most: 60_000 }

export interface Fates {
  /** Is it known from the room what became of it? */
  knows(message: OutboxEntry): boolean
  /** Finds out what it can now: of rooms that the session is in, and of those that it will not be in again. */
  look(): void
}

export function createFates({ session, onError }: { session: LiveSession; onError: (error: unknown) => void }): Fates {
  const asking = new Set<string>()

  const inDoubt = (room: string) => session.doubts.all().filter(({ to, type }) => type === 'groupchat' && accountOf(to) === room)

  /** What of them is in the archive is delivered by that. Answers whether all of it was read since they were accepted. */
  async function read(room: string, messages: readonly OutboxEntry[]): Promise<boolean> {
    const ids = new Set(messages.map(({ id }) => id))
    const isOne = ({ stanza }: Archived) => ids.has(authorsId(stanza) ?? '') && speakerOf(session, stanza)?.own === true
    const since = messages.reduce((first, { acceptedAt }) => Math.min(first, acceptedAt), Number.POSITIVE_INFINITY)
    const start = timestamp(Math.max(0, since - OVERLAP))
    const deadline = Date.now() + WITHIN
    let place = {}
    for (;;) {
      const { items, complete, last } = await session.archive({ of: room, start, ...place, limit: PAGE }, PAGE_WITHIN)
      const found = items.filter(isOne)
      if (found.length > 0) await session.takeIn(() => found)
      if (complete || last === undefined || inDoubt(room).length === 0) return true
      if (Date.now() > deadline) return false
      place = { after: last }
    }
  }

  async function ask(room: string): Promise<void> {
    const messages = inDoubt(room)
    if (messages.length === 0) return
    const isRead = await read(room, messages).catch((error) => {
      if (!isRefusal(error)) throw error
      return false
    })
    const { keepsIds, features } = session.state.get(wantedRooms, room) ?? {}
    session.doubts.settle(
      new Set(messages.map(({ id }) => id)),
      (message) => isRead && (keepsIds || features?.stableIds) && isKept(message),
    )
    // more of them may have become known meanwhile
    await ask(room)
  }

  return {
    knows: ({ to, type }) => type === 'groupchat' && roomOf(session.state, to)?.room.features?.archive === true,
    look() {
      const rooms = session.doubts.all().flatMap(({ to, type }) => (type === 'groupchat' ? accountOf(to) : []))
      for (const jid of new Set(rooms)) {
        const room = session.state.get(wantedRooms, jid)
        if (room === undefined || (room.state !== 'joined' && !isComing(room)))
          session.doubts.settle(new Set(inDoubt(jid).map(({ id }) => id)), () => false)
        if (room?.state !== 'joined' || asking.has(jid)) continue
        asking.add(jid)
        ask(jid)
          .catch(onError)
          .finally(() => asking.delete(jid))
      }
    },
  }
}

/** Archives keep what has words, unless it says that it is not to be kept (XEP-0313 section 5.1.1, XEP-0334): only of such one that is not there never came. */
function isKept({ xml }: OutboxEntry): boolean {
  const message = reparse(xml)
  return child(message, 'body') !== undefined && !child(message, 'no-store', HINTS) && !child(message, 'no-permanent-store', HINTS)
}
