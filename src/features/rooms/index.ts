import type { Feature } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { MUC, OCCUPANT_ID } from '../../protocol/namespaces.ts'
import type { RoomWishes } from '../bookmark-state.ts'
import { occupants, wantedRooms } from '../room-state.ts'
import { roomEvents } from './events.ts'
import { join, joinRoom } from './join.ts'
import { createMembership, type Membership } from './membership.ts'
import { leaveRoom, roomOperations } from './operations.ts'
import type { Capabilities } from './own-presence.ts'
import { isOfRoom, roomPresence } from './presence.ts'

/** what rooms can do for others to see */
export const ofRooms = [MUC, OCCUPANT_ID]

/** Rooms that the session is in and stays in (XEP-0045). `capabilities`: what its presence there says that the gateway can do. */
export function rooms(capabilities: Capabilities): Feature & { wishes: RoomWishes } {
  const memberships = new WeakMap<LiveSession, Membership>()
  const members = (session: LiveSession): Membership => {
    const known = memberships.get(session) ?? createMembership({ session, capabilities })
    memberships.set(session, known)
    return known
  }
  /** most sessions are in no room */
  const inRooms = (session: LiveSession): Membership | undefined =>
    session.state.all(wantedRooms).size > 0 ? members(session) : memberships.get(session)

  return {
    name: 'rooms',
    wishes: {
      want: async (session, room, wish) => void (await join(session, members(session), { room, wait: 0, ...wish })),
      leave: (session, room) => members(session).leave(room),
    },
    operations: roomOperations,
    events: () => [...roomEvents],
    commands: [
      joinRoom.by((session, request, { signal }) => join(session, members(session), request, signal)),
      leaveRoom.by((session, { room, status }) => members(session).leave(room, status)),
    ],
    claims: isOfRoom,
    presence: (incoming, session, vocabulary) =>
      isOfRoom(incoming, session) ? roomPresence(incoming, session, vocabulary, members(session)) : undefined,
    keeps: [wantedRooms, occupants],
    async bind(session) {
      await inRooms(session)?.begin()
    },
    async appear(session) {
      inRooms(session)?.goOn()
    },
    async online(session) {
      inRooms(session)?.goOn()
    },
    async left(session) {
      inRooms(session)?.stop()
    },
  }
}
