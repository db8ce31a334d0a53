import pino, { type DestinationStream, type Logger } from 'pino'

/** What a log line can be about: the closed list of its `event` member. */
export const logEvents = [
  'start',
  'listening',
  'stopping',
  'stopped',
  'crash',
  'http.request',
  'http.error',
  'busy',
  'stream.open',
  'stream.close',
  'stream.error',
  'session.error',
  'session.state',
  'session.bind-step',
  'lease.lost',
  'lease.renew-failed',
  'lease.look-failed',
  'lease.take-failed',
  'lease.hand-over-failed',
  'xmpp.left-out',
  'xmpp.stanza-failed',
  'xmpp.handler-failed',
  'xmpp.stream-ended',
  'store-lost',
  'store-back',
  'store-refused',
] as const
export type LogEvent = (typeof logEvents)[number]

export type Log = Logger

/** bytes of lines that leave together, and ms that a line waits for others */
const TOGETHER = 4096
const WAIT = 20
/** bytes of lines kept where nobody takes them; what is logged beyond is lost, so that a stuck reader costs no memory */
const KEPT_MAX = 16 * 1024 * 1024

/** Standard output, written off the way of whoever logs, and few times: a system call costs more than a line. */
function standardOutput() {
  const output = pino.destination({ sync: false, minLength: TOGETHER, maxLength: KEPT_MAX })
  let isDue = false
  function flush(): void {
    isDue = false
    output.flush()
  }
  return {
    write(line: string) {
      output.write(line)
      if (!isDue) setTimeout(flush, WAIT).unref()
      isDue = true
    },
    flush: (done: (error?: Error) => void) => output.flush(done),
    flushSync: () => output.flushSync(),
  }
}

/**
 * One JSON line per event on standard output. Lines hold ids, codes and numbers: never a query string, a body, a token or a password.
 * What is redacted here is the second fence, for what was logged by mistake.
 */
export function createLog({
  level,
  instance,
  destination = standardOutput(),
}: {
  level: string
  instance: string
  destination?: DestinationStream
}): Log {
  return pino(
    {
      level,
      base: { instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (line) => withoutSecrets(line) },
      serializers: { err: (told) => told, req: nothing, res: nothing, request: nothing, reply: nothing },
    },
    destination,
  )
}

const secrets = new Set([
  'password',
  'token',
  'ticket',
  'authorization',
  'body',
  'query',
  'secret',
  'credentials',
  'sasl',
  'headers',
  'xml',
])
/** objects inside each other that are looked through; what is deeper is left out */
const DEPTH = 3

function withoutSecrets(line: Record<string, unknown>, depth = DEPTH): Record<string, unknown> {
  const told: Record<string, unknown> = {}
  for (const key in line) {
    const value = line[key]
    if (secrets.has(key)) told[key] = '[redacted]'
    else if (typeof value !== 'object' || value === null) told[key] = value
    else if (value instanceof Error) told[key] = describeError(value)
    else if (Array.isArray(value)) told[key] = `[${value.length} entries]`
    else if (depth > 0) told[key] = withoutSecrets(value as Record<string, unknown>, depth - 1)
  }
  return told
}

const nothing = () => undefined

/**
 * An error for the log: its class, code, place and causes. The message stays out where it can quote what was being parsed.
 */
export function describeError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { name: typeof thrown }
  const { name, stack, cause } = thrown
  const { code } = thrown as { code?: unknown }
  const quotes = thrown instanceof SyntaxError || name === 'ZodError' || name === 'ReplyError' || name === 'XMLError'
  return {
    name,
    ...(code !== undefined && { code: String(code) }),
    ...(!quotes && { message: thrown.message.slice(0, MESSAGE_MAX) }),
    at: framesOf(stack),
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}

/** characters of an error's message in the log */
const MESSAGE_MAX = 300
/** frames of its stack */
const FRAMES_MAX = 8

const framesOf = (stack = '') =>
  stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, FRAMES_MAX)
    .map((line) => line.trim().slice('at '.length))
