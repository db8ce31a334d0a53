import { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Connections } from './connections.ts'
import type { Reports } from './reports.ts'
import { offline } from './status.ts'

export interface Writing {
  /** on the stream */
  position: number | Promise<number>
  /** settles when the socket took it */
  written: Promise<void>
}

/** The way of everything to the streams that is no message of the outbox. */
export interface Wire {
  /** Throws session-offline where there is no stream. */
  write(connection: number, stanza: Element | string): Writing
  /** Writes an answer, where there is a stream. */
  reply(connection: number, stanza: Element): void
}

export const createWire = (context: WireContext): Wire => new WireOfSession(context)

interface WireContext {
  connections: Pick<Connections, 'get'>
  outbox: Pick<Outbox, 'forgetting'>
  holdsLease: () => boolean
  metrics: Metrics
  reports: Pick<Reports, 'error'>
}

/** A class because each session has one, and there are thousands of sessions. */
class WireOfSession implements Wire {
  readonly #context: WireContext

  constructor(context: WireContext) {
    this.#context = context
  }

  write(index: number, stanza: Element | string): Writing {
    const { connections, outbox, holdsLease, metrics } = this.#context
    const connection = connections.get(index)
    if (!connection || !holdsLease()) throw offline()
    const busy = outbox.forgetting(index)
    if (busy) return later(busy.then(() => this.write(index, stanza)))
    const isText = typeof stanza === 'string'
    metrics.count('stanzas_total', { direction: 'out', kind: isText ? nameOf(stanza) : stanza.name })
    return connection.send(isText ? stanza : serialize(stanza))
  }

  reply(index: number, stanza: Element): void {
    try {
      this.write(index, stanza).written.catch(() => {}) // the asker will ask again on the next stream
    } catch (error) {
      if (!(error instanceof Problem)) this.#context.reports.error(error, 'reply')
    }
  }
}

function later(writing: Promise<Writing>): Writing {
  const position = writing.then((begun) => begun.position)
  position.catch(() => {}) // `written` tells
  return { position, written: writing.then((begun) => begun.written) }
}

/** of a stanza that was serialised here */
const nameOf = (xml: string) => /^<(\w+)/.exec(xml)?.[1] ?? ''
