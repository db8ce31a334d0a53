import type { LiveSession } from '../contract/session.ts'

/** A component's session as one of its addresses, its domain unless told; that of an account as it is. */
export const actingAs = (session: LiveSession, address?: string): LiveSession => session.as?.(address ?? session.record.jid) ?? session
