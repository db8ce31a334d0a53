import { reparse } from '../../xml/parse.ts'
import { following } from '../outbox/position.ts'
import type { Ended } from '../ports/message.ts'
import type { Correlator } from './iq-correlator.ts'
import type { Reports } from './reports.ts'
import { ended, isGivenUp } from './strikes.ts'
import type { Wire } from './wire.ts'

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

export const createRewriting = (context: RewritingContext): Rewriting => new RewritingOfSession(context)

interface RewritingContext {
  wire: Pick<Wire, 'write'>
  correlator: Pick<Correlator, 'fail'>
  reports: Pick<Reports, 'givenUp'>
}

/** A class because each session has one, and there are thousands of sessions. */
class RewritingOfSession implements Rewriting {
  readonly #context: RewritingContext
  // few sessions ever have any
  /** those that were written again, by where they stand now */
  #again: Map<number, Map<number, Stanza>> | undefined
  /** those for which there was no stream any more */
  #waiting: Map<number, Stanza[]> | undefined

  constructor(context: RewritingContext) {
    this.#context = context
  }

  resumed(connection: number, h: number, uncounted: readonly string[], others: ReadonlySet<number>): void {
    const before = this.#again?.get(connection)
    const stanzas = this.#waiting?.get(connection) ?? []
    this.lost(connection)
    let position = h
    for (const xml of uncounted) {
      position = following(position)
      if (others.has(position)) continue
      const count = ended(before?.get(position)?.ended, { alone: position === following(h), refused: false })
      if (isGivenUp(count)) this.#giveUp(xml)
      else stanzas.push({ xml, ended: count })
    }
    for (const stanza of stanzas) void this.#rewrite(connection, stanza)
  }

  lost(connection: number): void {
    this.#again?.delete(connection)
    this.#waiting?.delete(connection)
  }

  /** It is not written again: streams ended over it. */
  #giveUp(xml: string): void {
    const { correlator, reports } = this.#context
    const { name, attributes } = reparse(xml)
    if (name === 'iq') correlator.fail(attributes.id ?? '')
    reports.givenUp(name)
  }

  async #rewrite(connection: number, stanza: Stanza): Promise<void> {
    this.#again ??= new Map()
    const placed = this.#again.get(connection) ?? new Map<number, Stanza>()
    this.#again.set(connection, placed)
    try {
      placed.set(await this.#context.wire.write(connection, stanza.xml).position, stanza)
    } catch {
      this.#waiting ??= new Map()
      this.#waiting.set(connection, [...(this.#waiting.get(connection) ?? []), stanza])
    }
  }
}
