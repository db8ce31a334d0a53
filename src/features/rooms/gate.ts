import { Problem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { OutboxEntry } from '../../gateway/ports/message.ts'
import { isComing, roomOf } from '../room-state.ts'

/** What is said in a room waits until the session is in it, and fails where it does not come back. */
export function mayGo({ to }: OutboxEntry, { state }: LiveSession): Problem | undefined {
  const found = roomOf(state, to)
  if (found === undefined || found.room.state === 'joined') return undefined
  if (isComing(found.room)) return new Problem('session-offline', 'The room is not joined yet.')
  return new Problem('room-not-joined', 'The session is not in the room any more.')
}
