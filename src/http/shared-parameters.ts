/** Parameters that many operations have, each written once in openapi.yaml. */
export const sharedParameters = {
  session: {
    in: 'query',
    name: 'session',
    schema: { type: 'string' },
    description: 'Session id, bare JID or full JID, percent-encoded. Required with an API key; a session token says it by itself.',
  },
  from: {
    in: 'query',
    name: 'from',
    schema: { type: 'string' },
    description: 'Of a component alone: as which of its addresses; by default as its domain',
  },
  idempotencyKey: {
    in: 'header',
    name: 'Idempotency-Key',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    description:
      'Makes the request safe to repeat: for 24 h the same key and request get the first answer again (`Idempotency-Replayed: true`).',
  },
  traceparent: {
    in: 'header',
    name: 'traceparent',
    schema: { type: 'string' },
    description:
      'W3C Trace Context: told with `tracestate` in the events of what is sent, and in the headers of their webhooks. An invalid one is ignored.',
  },
  prefer: {
    in: 'header',
    name: 'Prefer',
    schema: { type: 'string' },
    description: '`wait=N` (seconds) and `respond-async` (RFC 7240), where the operation says so.',
  },
} as const
