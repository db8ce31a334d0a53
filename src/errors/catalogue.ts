/**
 * The catalogue of problems: every error a caller can meet, in one list.
 * Shape on the wire: RFC 9457 `application/problem+json`, made in api/problem.ts.
 */

/** code: [HTTP status, title, worth another try as it is] */
const own = {
  'invalid-request': [400, 'The request is not valid', false],
  'xml-malformed': [400, 'The XML is not well-formed', false],
  'session-required': [400, 'The request must name a session', false],
  'cursor-invalid': [400, 'The cursor is not one of this session', false],
  unauthorized: [401, 'A valid token is required', false],
  'ticket-invalid': [401, 'The ticket is unknown, used or expired', false],
  'scope-missing': [403, 'The token does not allow this', false],
  'session-not-allowed': [403, 'The token is not for this session', false],
  'recipient-not-allowed': [403, 'The token does not allow this recipient', false],
  'origin-not-allowed': [403, 'The origin is not allowed', false],
  'not-found': [404, 'There is no such route', false],
  'session-not-found': [404, 'There is no such session', false],
  'message-not-found': [404, 'There is no such message', false],
  'iq-not-found': [404, 'There is no such iq', false],
  'contact-not-found': [404, 'There is no such contact', false],
  'command-not-found': [404, 'There is no such command under way', false],
  'room-not-found': [404, 'The session has no such room', false],
  'subscription-not-found': [404, 'There is no such subscription', false],
  'avatar-not-found': [404, 'There is no avatar', false],
  'key-not-found': [404, 'There is no such key', false],
  'hook-not-found': [404, 'There is no such hook', false],
  'webhook-not-found': [404, 'There is no such webhook', false],
  'delivery-not-found': [404, 'There is no such delivery', false],
  'method-not-allowed': [405, 'The route has no such method', false],
  'not-acceptable': [406, 'No acceptable representation', false],
  'request-timeout': [408, 'The request did not arrive in time', true],
  'idempotency-key-running': [409, 'A request with this key is still running', true],
  'id-in-use': [409, 'The id is in use', false],
  'room-not-joined': [409, 'The session is not in the room', false],
  'session-ended': [409, 'The session was ended', false],
  'session-stopped': [409, 'The session is stopped', false],
  'credentials-lost': [409, 'The kept credentials cannot be opened any more', false],
  'cursor-expired': [410, 'The events after this cursor are no longer kept', false],
  'length-required': [411, 'The length of the body must be told', false],
  'body-too-large': [413, 'The body is too large', false],
  'unsupported-media-type': [415, 'The media type is not supported', false],
  'jid-malformed': [422, 'Not a valid JID', false],
  'illegal-character': [422, 'A character that XML cannot carry', false],
  'not-a-stanza': [422, 'Not exactly one message, presence or iq', false],
  'address-not-allowed': [422, 'The address is not allowed', false],
  'from-not-allowed': [422, 'The session cannot speak as this address', false],
  'stanza-too-large': [422, 'The stanza is too large', false],
  'limit-exceeded': [422, 'There are as many as there may be', false],
  'idempotency-key-reused': [422, 'The key was used for another request', false],
  refused: [422, 'The XMPP server refused the message', false],
  'xmpp-authentication-failed': [422, 'The XMPP server refused the credentials', false],
  'headers-too-large': [431, 'The head of the request is too large', false],
  'outbox-full': [429, 'The outbox of the session is full', true],
  'too-many-sessions': [429, 'There are as many sessions as there may be', true],
  'too-many-requests': [429, 'Too many requests', true],
  'internal-error': [500, 'Internal error', false],
  'not-for-components': [501, 'A component has no such thing', false],
  'upload-unavailable': [501, 'The server has no upload service', false],
  'upload-failed': [502, 'The upload service did not take the file', true],
  'xmpp-unreachable': [502, 'The XMPP server cannot be reached', true],
  'xmpp-tls-failed': [502, 'No trusted TLS connection to the XMPP server', false],
  'xmpp-server-not-trusted': [502, 'The XMPP server failed to prove itself', false],
  'given-up': [502, 'The XMPP server ends each connection over it', false],
  'session-offline': [503, 'The session is not online now', true],
  'roster-unread': [503, 'The roster was not read from the XMPP server', true],
  'presence-unread': [503, 'Not all presence of contacts is known', true],
  'store-unavailable': [503, 'The store is not available now', true],
  'issuer-unavailable': [503, 'The issuer of tokens cannot be asked now', true],
  'too-busy': [503, 'The instance is too busy now', true],
  draining: [503, 'The instance is shutting down', true],
  'xmpp-timeout': [504, 'No answer from XMPP in time', true],
  'upload-timeout': [504, 'The upload service did not take the file in time', true],
  'outcome-unknown': [504, 'The outcome is not known', false],
} as const satisfies Record<string, readonly [status: number, title: string, retryable: boolean]>

/** Stanza error conditions (RFC 6120 section 8.3.3) and the HTTP status of each. */
export const conditions = {
  'bad-request': 422,
  conflict: 409,
  'feature-not-implemented': 501,
  forbidden: 403,
  gone: 410,
  'internal-server-error': 502,
  'item-not-found': 404,
  'jid-malformed': 422,
  'not-acceptable': 422,
  'not-allowed': 403,
  'not-authorized': 403,
  'policy-violation': 403,
  'recipient-unavailable': 404,
  redirect: 410,
  'registration-required': 403,
  'remote-server-not-found': 502,
  'remote-server-timeout': 504,
  'resource-constraint': 503,
  'service-unavailable': 502,
  'subscription-required': 403,
  'undefined-condition': 502,
  'unexpected-request': 422,
} as const

export type Condition = keyof typeof conditions
export type OwnCode = keyof typeof own
export type ProblemCode = OwnCode | `xmpp-${Condition}`

export const errorTypes = ['auth', 'cancel', 'continue', 'modify', 'wait'] as const

/** A stanza error as JSON (RFC 6120 section 8.3). */
export interface StanzaErrorJson {
  type: (typeof errorTypes)[number]
  condition: Condition
  text?: string
  by?: string
  /** where it is now, of gone and redirect */
  uri?: string
  applicationCondition?: { name: string; xmlns: string }
}

/** HTTP status, title, and whether the same request may succeed later */
export function describe(code: ProblemCode): readonly [status: number, title: string, retryable: boolean] {
  if (code in own) return own[code as OwnCode]
  const condition = code.slice('xmpp-'.length) as Condition
  return [conditions[condition], `XMPP: ${condition.replaceAll('-', ' ')}`, false]
}

/** of what a request to somebody else may come back with */
export const stanzaErrorCodes = (Object.keys(conditions) as Condition[]).map((condition) => `xmpp-${condition}` as const)

export const problemCodes: readonly ProblemCode[] = [...(Object.keys(own) as OwnCode[]), ...stanzaErrorCodes]
