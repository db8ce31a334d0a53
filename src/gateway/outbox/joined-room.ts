import type { LiveSession } from '../contract/session.ts'

/** A room that the session is in (XEP-0045), as it is kept among those whom the own presence was sent to. */
export interface Joined {
  muc: true
  /** epoch ms: when it was joined */
  at: number
}

/** Undefined where the session is in no room of this address, which is a bare JID, comparable. */
export function joined(state: Pick<LiveSession['state'], 'get'>, room: string): Joined | undefined {
  const shown = state.get('directed', room) as Partial<Joined> | undefined
  return shown?.muc === true ? { muc: true, at: shown.at ?? 0 } : undefined
}
