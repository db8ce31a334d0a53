import type { SessionState } from '../client/client.ts'
import { ageOf } from './shown.ts'

const marks: Readonly<Record<SessionState, string>> = {
  online: '●',
  connecting: '◌',
  resuming: '◐',
  backoff: '◔',
  'auth-failed': '✕',
  conflict: '✕',
  stopped: '■',
}

/** A state by shape, colour and word. */
export function StateMark({ state, since }: { state: SessionState; since?: string }) {
  return (
    <span class={`state state-${state}`}>
      <span aria-hidden="true">{marks[state] ?? '?'}</span> {state}
      {since !== undefined && <span class="soft"> {ageOf(since)}</span>}
    </span>
  )
}
