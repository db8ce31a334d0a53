/**
 * Cursors of event logs: `<mark><epoch>-<sequence>`. The mark tells the session, the epoch the life of its log
 * (64 random bits, so that a cursor is unique in the gateway), the sequence the place, in base 36.
 */
import { createHash, randomBytes } from 'node:crypto'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const MARK_LENGTH = 6
const EPOCH_LENGTH = 11
const shape = new RegExp(`^([0-9A-Za-z]{${MARK_LENGTH + EPOCH_LENGTH}})-(0|[1-9a-z][0-9a-z]{0,9})$`)

/** `log`: mark and epoch together, the name of one life of one log. */
export interface Cursor {
  log: string
  sequence: number
}

/** Names a new life of a session's log. */
export function newLog(session: string): string {
  return mark(session) + base62(randomBytes(8).readBigUInt64BE(), EPOCH_LENGTH)
}

export function formatCursor(log: string, sequence: number): string {
  return `${log}-${sequence.toString(36)}`
}

export function parseCursor(cursor: string): Cursor | undefined {
  const [, log, sequence] = shape.exec(cursor) ?? []
  return log === undefined || sequence === undefined ? undefined : { log, sequence: Number.parseInt(sequence, 36) }
}

/** Was it given out by some life of this session's log? */
export function isOfSession(cursor: Cursor, session: string): boolean {
  return cursor.log.startsWith(mark(session))
}

function mark(session: string): string {
  return base62(createHash('sha256').update(session).digest().readBigUInt64BE(), EPOCH_LENGTH).slice(-MARK_LENGTH)
}

function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; rest > 0n; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text
  return text.padStart(length, '0')
}
