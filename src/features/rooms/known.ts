/** The rooms of a session as any instance knows them. */

import { Problem } from '../../errors/problem.ts'
import { addressOf, keyOf } from '../../gateway/component/places.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { accountOf } from '../../jid.ts'
import { bookmarks } from '../bookmark-state.ts'
import { namedRoom } from '../named-room.ts'
import { occupants, type WantedRoom, wantedRooms } from '../room-state.ts'
import { type RoomJson, roomJson } from './room-json.ts'

/** Rejects with room-not-found. */
export async function knownRoom(session: SessionHandle, text: string): Promise<{ jid: string; room: WantedRoom }> {
  const jid = namedRoom(text)
  const room = (await session.state(wantedRooms, [jid])).get(jid)
  if (room === undefined) throw new Problem('room-not-found', `The session has no room ${jid}.`)
  return { jid, room }
}

export async function roomsOf(session: SessionHandle, only?: string): Promise<RoomJson[]> {
  const wanted = only === undefined ? undefined : [only]
  const [rooms, keys, bookmarked] = await Promise.all([
    session.state(wantedRooms, wanted),
    session.stateKeys(occupants),
    session.state(bookmarks, wanted),
  ])
  const counts = countBy(keys, accountOf)
  return [...rooms].map(([jid, room]) => roomJson(jid, room, { occupants: counts.get(jid) ?? 0, bookmarked: bookmarked.has(jid) }))
}

/** Those of an account or of one address; of a component as a whole those of all its addresses. */
export async function allRoomsOf(session: SessionHandle): Promise<RoomJson[]> {
  const { address, record, whole } = session
  if (whole === undefined || address !== record.jid || address !== whole.record.jid) return await roomsOf(session)
  const [rooms, keys] = await Promise.all([whole.state(wantedRooms), whole.stateKeys(occupants)])
  const counts = countBy(keys, (key) => `${addressOf(key)} ${accountOf(keyOf(key))}`)
  return [...rooms].map(([key, room]) => {
    const [from, jid] = [addressOf(key), keyOf(key)]
    return { ...roomJson(jid, room, { occupants: counts.get(`${from} ${jid}`) ?? 0, bookmarked: false }), from }
  })
}

function countBy(keys: readonly string[], group: (key: string) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) {
    const name = group(key)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
