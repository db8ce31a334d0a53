/** entries of one tenant that are kept, and how long (ms) */
export const AUDIT_MAX = 10_000
export const AUDIT_AGE = 90 * 86_400_000

/** Who did something, or tried to. Nothing of what was said: no body, no secret. */
export interface AuditEntry {
  /** epoch ms */
  at: number
  /** operationId */
  action: string
  outcome: 'done' | 'refused'
  /** of a refusal: the code of its problem */
  code?: string
  /** who it was: a key, a session token, or what has a name alone */
  by: { key?: string; session?: string; name?: string }
  /** id of what it was about */
  target?: string
  /** the account of the session that it was about */
  jid?: string
  requestId: string
  instance: string
}
