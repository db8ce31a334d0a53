import type { Room, RoomState } from '../client/client.ts'
import { ageOf } from './shown.ts'

const marks: Readonly<Record<RoomState, string>> = { joining: '◌', joined: '●', leaving: '◌', left: '■', failed: '✕' }

/** The state of a room by shape, colour and word. */
export function RoomMark({ of: { state, since, reason } }: { of: Room }) {
  return (
    <span class={`state state-${state}`}>
      <span aria-hidden="true">{marks[state]}</span> {reason !== undefined && state !== 'joined' ? reason : state}
      <span class="soft"> {ageOf(since)}</span>
    </span>
  )
}
