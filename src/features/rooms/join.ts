/** Wanting to be in a room: `PUT /rooms/{room}`. */
import { isDeepStrictEqual } from 'node:util'
import { Problem } from '../../errors/problem.ts'
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { passwordOf, sealedWish } from '../room-secrets.ts'
import { ROOMS_MAX, type WantedRoom, type Wish, wantedRooms } from '../room-state.ts'
import { removed, taken } from './changes.ts'
import type { Membership } from './membership.ts'

export interface JoinRequest extends Wish {
  room: string
  nick: string
  /** ms that the caller waits */
  wait: number
}

export type JoinResult = 'joined' | 'created' | 'joining'

/** Wants to be in a room. Rejects with the problem of the join, and then nothing of it is kept. */
export const joinRoom = defineCommand<JoinRequest, JoinResult>({ name: 'rooms.join', whileAway: true })

export async function join(
  session: LiveSession,
  { joins }: Membership,
  { room, wait, nick, ...asked }: JoinRequest,
  signal?: AbortSignal,
): Promise<JoinResult> {
  const before = session.state.get(wantedRooms, room)
  if (before?.state === 'joined' && before.nick === nick) {
    const { history: _, values: __, password, ...wish } = asked
    // sealed once more it would look like another one
    const isNew = password !== undefined && password !== passwordOf(session, room, before)
    const value = { ...before, ...wish, ...(isNew && sealedWish(session, room, { password })) }
    if (!isDeepStrictEqual(value, before)) await session.commit({ state: [wantedRooms.put(room, value)] })
    return 'joined'
  }
  if (before === undefined && session.state.all(wantedRooms).size >= ROOMS_MAX)
    throw new Problem('limit-exceeded', `A session may have ${ROOMS_MAX} rooms.`)
  if (before?.state === 'leaving') throw new Problem('room-not-joined', 'The session is just leaving the room.')
  // what is under way was for another wish
  joins.forget(room)
  const { created: _, retried: __, ...rest } = before === undefined ? ({} as WantedRoom) : taken(before)
  const value: WantedRoom = { ...rest, ...sealedWish(session, room, asked), nick, state: 'joining', since: Date.now() }
  await session.commit({ state: [wantedRooms.put(room, value)] })
  const outcome = joins.outcome(room, wait, signal)
  if (session.online()) joins.start(room)
  const answer = await outcome
  if (answer === undefined) return 'joining'
  await session.settled()
  if (answer.kind === 'joined') return answer.created ? 'created' : 'joined'
  joins.forget(room)
  await session.commit(removed(session, room, false))
  throw answer.problem
}
