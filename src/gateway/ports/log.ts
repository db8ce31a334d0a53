/** What a log line can be about: the closed list of its `event` member. docs/operations.md explains each. */
export const logEvents = [
  'start',
  'config',
  'listening',
  'stopping',
  'stopped',
  'crash',
  'warning',
  'log.lost',
  'http.request',
  'http.error',
  'busy',
  'stream.open',
  'stream.close',
  'stream.error',
  'rpc.error',
  'audit',
  'auth.refused',
  'session.error',
  'session.state',
  'session.bind-step',
  'session.given-up',
  'lease.lost',
  'lease.renew-failed',
  'lease.look-failed',
  'lease.take-failed',
  'lease.hand-over-failed',
  'xmpp.left-out',
  'xmpp.stanza-failed',
  'xmpp.handler-failed',
  'xmpp.stream-ended',
  'webhook.state',
  'webhook.dead',
  'webhook.error',
  'store-lost',
  'store-back',
  'store-refused',
  'store-unfit',
  'traces',
] as const

export type LogEvent = (typeof logEvents)[number]

/** The members of one line: ids, codes, numbers, and an error as `err`. Never a stanza, a body, a query string, a password or a token. */
export interface LogLine {
  readonly event: LogEvent
  readonly [member: string]: unknown
}

/** The log of the process, for every room. */
export interface Log {
  debug(line: LogLine, message: string): void
  info(line: LogLine, message: string): void
  warn(line: LogLine, message: string): void
  error(line: LogLine, message: string): void
}
