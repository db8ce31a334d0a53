/** What becomes of a room that a session wants to be in, as changes to write. */
import { directed } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { Change, StateChange } from '../../gateway/ports/change.ts'
import { type LeftReason, occupants, type RoomError, roomMarks, type WantedRoom, wantedRooms } from '../room-state.ts'
import { roomEvent } from './events.ts'

/** Reasons after which the session comes back by itself. */
export const comesBack: ReadonlySet<LeftReason> = new Set(['lost', 'shutdown', 'error'])

/** What was so is not so any more: it is on its way into another state. */
export function taken({ reason: _, error: __, retried: ___, resting: ____, ...room }: WantedRoom): WantedRoom {
  return { ...room, since: Date.now() }
}

/** The session is in the room. */
export function entered(jid: string, room: WantedRoom): Change {
  const isNew = room.created === true && room.before !== true
  const { history: _, values: __, ...rest } = taken(room)
  return {
    state: [wantedRooms.put(jid, { ...rest, state: 'joined', before: true })],
    events: [
      roomEvent('room.joined', jid, {
        nick: room.nick,
        ...(isNew && { created: true }),
        ...(room.before === true && { again: true }),
      }),
    ],
  }
}

/** It could not be joined. A room that is tried again and again tells the same once. */
export function failed(
  session: Pick<LiveSession, 'state'>,
  jid: string,
  room: WantedRoom,
  { error, retried }: { error: RoomError; retried: boolean },
): Change {
  const isTold = room.error?.code === error.code
  const value: WantedRoom = { ...taken(room), state: 'failed', error, ...(retried && { retried }) }
  return {
    state: [wantedRooms.put(jid, value), ...cleared(session, jid)],
    events: isTold ? [] : [roomEvent('room.failed', jid, { error })],
  }
}

/** Nobody is known to be in it. */
export const emptied = ({ state }: Pick<LiveSession, 'state'>, jid: string): StateChange[] =>
  state.ofAccount(occupants, jid).map((key) => occupants.remove(key))

/** … and nothing was shown to it. */
const cleared = (session: Pick<LiveSession, 'state'>, jid: string): StateChange[] => [...emptied(session, jid), directed.remove(jid)]

/** The session is not in it while it is unavailable, and wants to be all the same. */
export function rested(session: Pick<LiveSession, 'state'>, jid: string, room: WantedRoom): Change {
  const wasIn = room.state === 'joined'
  const value: WantedRoom = { ...taken(room), state: 'joining', resting: true, ...(wasIn && { behind: true }) }
  return {
    state: [wantedRooms.put(jid, value), ...cleared(session, jid)],
    events: wasIn ? [roomEvent('room.left', jid, { reason: 'left' })] : [],
  }
}

/** It is not wanted any more, and nothing of it is kept. `wasIn`: that is told. */
export function removed(session: Pick<LiveSession, 'state'>, jid: string, wasIn: boolean): Change {
  return {
    state: [wantedRooms.remove(jid), roomMarks.remove(jid), ...cleared(session, jid)],
    events: wasIn ? [roomEvent('room.left', jid, { reason: 'left' })] : [],
  }
}

/** The session is not in it any more. */
export function left(
  session: Pick<LiveSession, 'state'>,
  jid: string,
  room: WantedRoom,
  { reason, ...more }: { reason: LeftReason; by?: string; text?: string; alternate?: string },
): Change {
  const value: WantedRoom = comesBack.has(reason)
    ? { ...taken(room), state: 'joining', behind: true }
    : { ...taken(room), state: 'left', reason }
  return {
    state: [wantedRooms.put(jid, value), ...cleared(session, jid)],
    events: [roomEvent('room.left', jid, { reason, ...more })],
  }
}
