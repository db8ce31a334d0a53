import type { MessageRecord } from '../ports/message.ts'
import { isAfter } from './position.ts'

/**
 * - `pending`: its stream is not resumed yet
 * - `counted`, `missed`: it was, and the server had the message, or had it not
 * - `gone`: its stream ended
 */
export type Fate = 'pending' | 'counted' | 'missed' | 'gone'

/** What becomes of the streams on which another process wrote, and with them of its messages. */
export interface InheritedStreams {
  fateOf(wire: NonNullable<MessageRecord['wire']>): Fate
  /** the stream of a connection was resumed, and the server had counted up to this position */
  resumed(connection: number, h: number): void
  /** it ended without that */
  lost(connection: number): void
}

/** `resumable`: ids of the streams that are being resumed, by connection */
export function createInheritedStreams(resumable: ReadonlyMap<number, string>): InheritedStreams {
  const pending = new Map(resumable)
  const resumed = new Map<number, { stream: string; h: number }>()

  return {
    fateOf({ connection, stream, position }) {
      if (pending.get(connection) === stream) return 'pending'
      const at = resumed.get(connection)
      if (at?.stream !== stream) return 'gone'
      return isAfter(position, at.h) ? 'missed' : 'counted'
    },
    resumed(connection, h) {
      const stream = pending.get(connection)
      pending.delete(connection)
      if (stream !== undefined) resumed.set(connection, { stream, h })
    },
    lost(connection) {
      pending.delete(connection)
      resumed.delete(connection)
    },
  }
}
