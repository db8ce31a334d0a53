/** Places of named consumers, the same for every store. */
import { cursorInvalid } from '../errors/refusals.ts'
import { type Cursor, formatCursor, isOfSession, parseCursor } from './cursor.ts'

/** The place that a cursor names. Throws the problem cursor-invalid for one that no life of this session's log gave out. */
export function placeIn(session: string, cursor: string): Cursor {
  const place = parseCursor(cursor)
  if (place === undefined || !isOfSession(place, session)) throw cursorInvalid()
  return place
}

export function further(session: string, cursor: string, other: string | undefined): string {
  const place = placeIn(session, cursor)
  const before = other === undefined ? undefined : placeIn(session, other)
  return before?.log === place.log && before.sequence > place.sequence ? formatCursor(before.log, before.sequence) : cursor
}

/** How many events came after a place; of an earlier life of the log: all that are kept. */
export function behind({ log, sequence }: Cursor, bounds: { log: string; head: number; floor: number }): number {
  return bounds.head - (log === bounds.log ? Math.min(sequence, bounds.head) : bounds.floor)
}
