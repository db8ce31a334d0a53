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
export const createInheritedStreams = (resumable: ReadonlyMap<number, string>): InheritedStreams => new StreamsOfOwnerBefore(resumable)

/** A class because each session has one, and there are thousands of sessions. */
class StreamsOfOwnerBefore implements InheritedStreams {
  readonly #pending: Map<number, string> | undefined
  #resumed: Map<number, { stream: string; h: number }> | undefined

  constructor(resumable: ReadonlyMap<number, string>) {
    this.#pending = resumable.size > 0 ? new Map(resumable) : undefined
  }

  fateOf({ connection, stream, position }: NonNullable<MessageRecord['wire']>): Fate {
    if (this.#pending?.get(connection) === stream) return 'pending'
    const at = this.#resumed?.get(connection)
    if (at?.stream !== stream) return 'gone'
    return isAfter(position, at.h) ? 'missed' : 'counted'
  }

  resumed(connection: number, h: number): void {
    const stream = this.#pending?.get(connection)
    this.#pending?.delete(connection)
    if (stream === undefined) return
    this.#resumed ??= new Map()
    this.#resumed.set(connection, { stream, h })
  }

  lost(connection: number): void {
    this.#pending?.delete(connection)
    this.#resumed?.delete(connection)
  }
}
