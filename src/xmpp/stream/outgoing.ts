import { Problem } from '../../errors/problem.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Bounds } from '../bounds.ts'
import { offline } from '../failure.ts'
import type { AckRequests } from './ack-requests.ts'
import type { Channel } from './channel.ts'
import type { Manners } from './manners.ts'
import type { StreamLimits } from './stream-features.ts'
import type { Ledger } from './stream-management.ts'
import { asDocument, type Writer } from './stream-writer.ts'

interface OutgoingContext {
  readonly channel: Pick<Channel, 'framed'>
  readonly manners: Manners
  /** bytes of one stanza that is sent, whatever the server takes */
  readonly stanzaLimit: number
  /** what the server said of this stream last */
  limits(): StreamLimits
  readonly bounds: Pick<Bounds, 'unacked' | 'unackedSize' | 'backlog'>
  readonly ledger: Ledger
  readonly writer: Writer
  readonly requests: AckRequests
  isOver(): boolean
}

/** Position on the stream, and a promise that settles when the socket took it. */
export interface Sent {
  position: number
  written: Promise<void>
}

/** Stanzas that are sent, as far as there is room. A class because each stream has one, and there are thousands of streams. */
export class Outgoing {
  readonly #context: OutgoingContext
  /** nothing goes any more: the stream is being closed */
  isClosing = false

  constructor(context: OutgoingContext) {
    this.#context = context
  }

  /** Throws the problem session-offline where there is no stream any more, or too much is on its way. */
  needRoom(): void {
    const { bounds, ledger, writer } = this.#context
    if (this.#context.isOver() || this.isClosing) throw offline()
    if (ledger.unacked >= bounds.unacked || ledger.unackedSize > bounds.unackedSize || writer.backlog() > bounds.backlog) {
      throw new Problem('session-offline', 'Too much is on its way to the XMPP server already.', { retryAfter: 1 })
    }
  }

  /** Throws session-offline as above, and stanza-too-large. `ask`: the server is asked at once to acknowledge it. */
  send(xml: string, ask: boolean): Sent {
    this.needRoom()
    const { channel, stanzaLimit } = this.#context
    refuseOver(stanzaLimit, xml)
    const { maxBytes } = this.#context.limits()
    if (maxBytes !== undefined) refuseOver(maxBytes, channel.framed ? asDocument(xml) : xml)
    return this.#transmit(xml, ask)
  }

  /** The last of all, whether there is room or not. */
  leave(status = ''): void {
    const last = this.#context.manners.farewell(status)
    if (last !== undefined) this.#transmit(serialize(last), false)
    this.isClosing = true
  }

  #transmit(xml: string, ask: boolean): Sent {
    const { ledger, writer, requests } = this.#context
    const position = ledger.send(xml)
    const written = writer.write(xml)
    requests.sent(ask)
    return { position, written }
  }
}

function refuseOver(most: number, xml: string): void {
  if (xml.length * 3 <= most || Buffer.byteLength(xml) <= most) return
  throw new Problem('stanza-too-large', `The stanza is larger than the ${most} bytes that the server takes.`)
}
