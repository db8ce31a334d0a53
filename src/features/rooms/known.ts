/** The rooms of a session as any instance knows them. */

import { Problem } from '../../errors/problem.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { accountOf, bare, isBare } from '../../jid.ts'
import { occupants, type WantedRoom, wantedRooms } from '../room-state.ts'
import { type RoomJson, roomJson } from './room-json.ts'

/** The room that a path names. Throws jid-malformed. */
export function namedRoom(text: string): string {
  const room = bare(text)
  if (isBare(text) && room.includes('@')) return room
  const message = 'is not the address of a room, like cafe@conference.example.org'
  throw new Problem('jid-malformed', `params.room ${message}.`, { errors: [{ path: 'params.room', message }] })
}

/** Rejects with room-not-found. */
export async function knownRoom(session: SessionHandle, text: string): Promise<{ jid: string; room: WantedRoom }> {
  const jid = namedRoom(text)
  const room = (await session.state(wantedRooms, [jid])).get(jid)
  if (room === undefined) throw new Problem('room-not-found', `The session has no room ${jid}.`)
  return { jid, room }
}

export async function roomsOf(session: SessionHandle, only?: string): Promise<RoomJson[]> {
  const [rooms, keys] = await Promise.all([
    session.state(wantedRooms, only === undefined ? undefined : [only]),
    session.stateKeys(occupants),
  ])
  const counts = new Map<string, number>()
  for (const key of keys) {
    const room = accountOf(key)
    counts.set(room, (counts.get(room) ?? 0) + 1)
  }
  return [...rooms].map(([jid, room]) => roomJson(jid, room, { occupants: counts.get(jid) ?? 0, bookmarked: false }))
}
