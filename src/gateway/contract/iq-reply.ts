import type { StanzaErrorJson } from '../../errors/catalogue.ts'

/** The answer of a caller to an iq that a session `handles`: one of `xml`, `payload` and `error`, or none for an empty result. */
export interface IqReply {
  id: string
  /** whom the caller may write to beside the own account and server; absent: everybody */
  to?: { recipients: readonly string[]; own: string }
  xml?: string
  payload?: Record<string, unknown>
  error?: StanzaErrorJson
}
