import pino, { type DestinationStream } from 'pino'
import type { Log, LogLine } from './gateway/ports/log.ts'
import { createOutput, type Output, standardOutput } from './log/output.ts'

/** The log of a whole process. */
export interface ProcessLog extends Log {
  fatal(line: LogLine, message: string): void
  /** calls back once everything is written or lost; never where nobody takes it */
  flush(done: () => void): void
}

/**
 * One JSON line per event on standard output. Lines hold ids, codes and numbers: never a query string, a body, a token or a password.
 * What is redacted here is the second fence, for what was logged by mistake.
 */
export function createLog({
  level,
  instance,
  destination,
  onLost = () => {},
}: {
  level: string
  instance: string
  /** instead of standard output */
  destination?: DestinationStream
  /** lines that standard output did not take */
  onLost?: Parameters<typeof createOutput>[0]['onLost']
}): ProcessLog {
  function output(): Output {
    return createOutput({
      write: standardOutput(),
      onLost,
      onRoom: (lines, reason) => log.error({ event: 'log.lost', lines, reason }, 'Lines of the log could not be written'),
    })
  }
  const log: ProcessLog = pino(
    {
      level,
      base: { instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (line) => withoutSecrets(line) },
      serializers: { err: (told) => told, req: nothing, res: nothing, request: nothing, reply: nothing },
    },
    destination ?? output(),
  )
  return log
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
function describeError(thrown: unknown): Record<string, unknown> {
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
