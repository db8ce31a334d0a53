/** Where a cursor stands in a log, the same for every store. */
import { cursorInvalid } from '../errors/refusals.ts'
import type { CursorPlace, LogPage } from '../gateway/ports/event.ts'
import { formatCursor, isOfSession, parseCursor } from './cursor.ts'

export interface LogBounds {
  /** name of the log's present life */
  log: string
  /** sequence of the newest event, 0 before the first */
  head: number
  /** sequence of the newest durable event that is no longer kept, 0 while all are; what was volatile and is gone moves nothing */
  floor: number
}

export function placeOf(session: string, cursor: string, { log, head, floor }: LogBounds): CursorPlace {
  const parsed = parseCursor(cursor)
  if (parsed === undefined) return { kind: 'foreign' }
  const oldest = formatCursor(log, floor)
  if (parsed.log !== log) return isOfSession(parsed, session) ? { kind: 'lost', oldest } : { kind: 'foreign' }
  if (parsed.sequence > head) return { kind: 'lost', oldest }
  if (parsed.sequence < floor) return { kind: 'expired', oldest }
  return { kind: 'known' }
}

/** The cursor to read after, and the gap that has to be told. Throws the problem cursor-invalid. */
export function startOf(
  session: string,
  after: string | undefined,
  bounds: LogBounds,
): { from: number; gap?: NonNullable<LogPage['gap']> } {
  if (after === undefined) return { from: bounds.floor }
  const place = placeOf(session, after, bounds)
  switch (place.kind) {
    case 'known':
      return { from: parseCursor(after)!.sequence }
    case 'foreign':
      throw cursorInvalid()
    case 'expired':
      return { from: bounds.floor, gap: { from: after, to: place.oldest, reason: 'expired' } }
    case 'lost':
      return { from: bounds.floor, gap: { from: after, to: place.oldest, reason: 'store-lost' } }
  }
}
