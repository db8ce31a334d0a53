import type { Event, Room, RoomInvitedEvent } from '../client/client.ts'
import type { Account } from './account.ts'
import { bare } from './shown.ts'

const PAGE = 1_000
/** ms in which what happens in rooms is taken together, before they are read again */
const TOGETHER = 300

export type Invitation = RoomInvitedEvent['data']

/** The rooms of a session, and those that it is invited to. */
export interface Rooms {
  readonly all: ReadonlyMap<string, Room>
  /** by the room, without an answer yet */
  readonly invitations: ReadonlyMap<string, Invitation>
  /** how often something happened in them, as far as it was read */
  readonly turn: number
  /** why they could not be read */
  readonly problem: unknown
  load(): Promise<void>
  take(event: Event): void
  put(room: Room): void
  remove(jid: string): void
  answered(jid: string): void
}

/** Events say that something changed, the gateway says how it is: a log that is read from its beginning tells of what is long over. */
export function createRooms({ client }: Account, session: string, changed: () => void): Rooms {
  const all = new Map<string, Room>()
  const invitations = new Map<string, Invitation>()
  let turn = 0
  let problem: unknown
  let isDue = false
  let reading = Promise.resolve()

  async function read(): Promise<void> {
    isDue = false
    try {
      const found: Room[] = []
      for (let after: string | undefined; ; ) {
        const { data, page } = await client.rooms.list({ session, limit: PAGE, ...(after !== undefined && { after }) })
        // without a service these are the session's own
        found.push(...(data as Room[]))
        after = page.next
        if (page.complete || after === undefined) break
      }
      all.clear()
      for (const room of found) all.set(room.room, room)
      problem = undefined
    } catch (error) {
      problem = error
    }
    turn += 1
    changed()
  }

  function load(): Promise<void> {
    reading = reading.then(read)
    return reading
  }

  return {
    all,
    invitations,
    get turn() {
      return turn
    },
    get problem() {
      return problem
    },
    load,
    take({ type, data }) {
      if (!type.startsWith('room.')) return
      const { room } = data as { room: string }
      if (type === 'room.invited') invitations.set(bare(room), data as Invitation)
      if (type === 'room.joined') invitations.delete(bare(room))
      changed()
      if (isDue) return
      isDue = true
      setTimeout(load, TOGETHER)
    },
    put(room) {
      all.set(room.room, room)
      turn += 1
      changed()
    },
    remove(jid) {
      all.delete(jid)
      changed()
    },
    answered(jid) {
      invitations.delete(jid)
      changed()
    },
  }
}
