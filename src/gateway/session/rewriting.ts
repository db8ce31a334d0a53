import { following } from '../outbox/position.ts'
import type { Ended } from '../ports/message.ts'
import { ended, isGivenUp } from './strikes.ts'

interface Stanza {
  xml: string
  ended?: Ended
}

/** What is written again after a resume that did not find it counted, and after no other end of a stream: iqs, answers, presence to others. */
export interface Rewriting {
  /** The stream goes on at `h`. `uncounted`: all that was written after that, in order; `others`: positions of what somebody else writes again. */
  resumed(connection: number, h: number, uncounted: readonly string[], others: ReadonlySet<number>): void
  /** the stream is gone, and all of it with it */
  lost(connection: number): void
}

export function createRewriting({
  write,
  onGivenUp,
}: {
  /** Answers its position. Rejects where there is no stream. */
  write: (connection: number, xml: string) => Promise<number>
  /** it is not written again: streams ended over it */
  onGivenUp: (xml: string) => void
}): Rewriting {
  // few sessions ever have any
  /** those that were written again, by where they stand now */
  let again: Map<number, Map<number, Stanza>> | undefined
  /** those for which there was no stream any more */
  let waiting: Map<number, Stanza[]> | undefined

  async function rewrite(connection: number, stanza: Stanza): Promise<void> {
    again ??= new Map()
    const placed = again.get(connection) ?? new Map<number, Stanza>()
    again.set(connection, placed)
    try {
      placed.set(await write(connection, stanza.xml), stanza)
    } catch {
      waiting ??= new Map()
      waiting.set(connection, [...(waiting.get(connection) ?? []), stanza])
    }
  }

  return {
    resumed(connection, h, uncounted, others) {
      const before = again?.get(connection)
      const stanzas = waiting?.get(connection) ?? []
      again?.delete(connection)
      waiting?.delete(connection)
      let position = h
      for (const xml of uncounted) {
        position = following(position)
        if (others.has(position)) continue
        const count = ended(before?.get(position)?.ended, { alone: position === following(h), refused: false })
        if (isGivenUp(count)) onGivenUp(xml)
        else stanzas.push({ xml, ended: count })
      }
      for (const stanza of stanzas) void rewrite(connection, stanza)
    },
    lost(connection) {
      again?.delete(connection)
      waiting?.delete(connection)
    },
  }
}
