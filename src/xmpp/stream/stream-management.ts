import type { StreamState } from '../../gateway/ports/change.ts'
import type { Element } from '../../xml/element.ts'

/** XEP-0198 */
export const SM = 'urn:xmpp:sm:3'
const MODULUS = 2 ** 32

/** How far `a` is ahead of `b`, counting modulo 2^32; more than half the range is behind. */
export function distance(a: number, b: number): number {
  const ahead = (((a - b) % MODULUS) + MODULUS) % MODULUS
  return ahead < MODULUS / 2 ? ahead : ahead - MODULUS
}

const next = (position: number) => (position + 1) % MODULUS

/**
 * What is known of one stream and outlives its connections: the counters of XEP-0198, and what a resume may show not to have arrived.
 * A class because each connection has one, and there are thousands of connections.
 */
export class Ledger {
  readonly jid: string
  /** undefined: the stream cannot be resumed */
  readonly id: string | undefined
  readonly max: number | null
  /** number of the last stanza sent */
  outbound: number
  /** the server's last h */
  acked: number
  /** the only number that the server is ever told: what is stored */
  inbound: number
  /** stanzas received and not yet stored */
  lag = 0
  unacked: number
  /** bytes of them, and of all that was ever sent here */
  unackedSize = 0
  sentSize = 0
  #received: number
  /** the furthest stanza that was ever handed over */
  #handed: number
  /** another process held it */
  #isForeign: boolean
  #sent: string[] = []
  #consumed: Set<number> | undefined

  /**
   * A new stream, or with `from` one that another process held: that one's unacknowledged stanzas are not known here, so
   * counting goes on at the h of the server.
   */
  constructor({ jid, id, max, from }: { jid: string; id: string | undefined; max: number | null; from?: StreamState }) {
    this.jid = jid
    this.id = id
    this.max = max
    this.outbound = from?.outbound ?? 0
    this.acked = from?.acked ?? 0
    this.inbound = from?.inbound ?? 0
    this.unacked = distance(this.outbound, this.acked)
    this.#received = this.inbound
    this.#handed = this.inbound
    this.#isForeign = from !== undefined
  }

  /** Counts a stanza that is written; answers its position. */
  send(xml: string): number {
    this.outbound = next(this.outbound)
    this.unacked += 1
    const size = Buffer.byteLength(xml)
    this.unackedSize += size
    this.sentSize += size
    this.#sent.push(xml)
    return this.outbound
  }

  /** Takes an h of the server; false where it is none that it can have (backwards, or past what was sent). */
  acknowledge(h: number): boolean {
    const count = distance(h, this.acked)
    if (!Number.isInteger(h) || h < 0 || h >= MODULUS || count < 0 || count > this.unacked) return false
    this.acked = h
    this.unacked -= count
    for (const xml of this.#sent.splice(0, count)) this.unackedSize -= Buffer.byteLength(xml)
    return true
  }

  /** Counts a received stanza; `again` where it was already handed over before the stream was resumed. */
  receive(): { position: number; again: boolean } {
    this.#received = next(this.#received)
    const again = distance(this.#handed, this.#received) >= 0
    if (!again) {
      this.#handed = this.#received
      this.lag += 1
    }
    return { position: this.#received, again }
  }

  /** everything up to this position is stored */
  store(position: number): void {
    if (distance(position, this.inbound) <= 0 || distance(this.#handed, position) < 0) return
    for (const each of this.#consumed ?? []) if (distance(each, position) <= 0) this.#consumed?.delete(each)
    this.#stored(position)
  }

  /** this one needs no storing: it was for us */
  consume(position: number): void {
    if (distance(position, this.inbound) <= 0) return
    this.#consumed ??= new Set()
    this.#consumed.add(position)
    this.#stored(this.inbound)
  }

  #stored(position: number): void {
    this.inbound = position
    while (this.#consumed?.delete(next(this.inbound)) === true) this.inbound = next(this.inbound)
    if (this.#consumed?.size === 0) this.#consumed = undefined
    this.lag = distance(this.#handed, this.inbound)
  }

  /** The h to ask for a resume with: the server sends everything after it again, so counting goes on from it. */
  rewind(): number {
    this.#received = this.inbound
    return this.#received
  }

  /** The server's h of a resume: what was sent after it is answered, and forgotten; counting goes on from there. undefined for an impossible h. */
  resume(h: number): readonly string[] | undefined {
    // another process may have sent more than it came to save
    const isInRange = Number.isInteger(h) && h >= 0 && h < MODULUS
    const isPossible = this.#isForeign ? isInRange && distance(h, this.acked) >= 0 : this.acknowledge(h)
    if (!isPossible) return undefined
    this.#isForeign = false
    this.outbound = h
    this.acked = h
    this.unacked = 0
    this.unackedSize = 0
    const uncounted = this.#sent
    this.#sent = []
    return uncounted
  }

  snapshot(now: number): StreamState | null {
    const { id, jid, inbound, outbound, acked, max } = this
    return id === undefined ? null : { id, jid, inbound, outbound, acked, max, savedAt: now }
  }
}

/** What `<enabled/>` says (XEP-0198 section 3): an id only where the stream can be resumed, and seconds for how long. */
export interface Enabled {
  id: string | undefined
  max: number | null
}

export function readEnabled(enabled: Pick<Element, 'attributes'>): Enabled {
  const { id, resume, max } = enabled.attributes
  const seconds = max !== undefined && /^\d+$/.test(max) ? Number(max) : null
  const resumable = (resume === 'true' || resume === '1') && id !== undefined && id !== ''
  return { id: resumable ? id : undefined, max: seconds }
}

/** The h of `<a/>`, `<resumed/>` or `<failed/>`: a decimal number below 2^32, NaN for anything else. */
export function readH(element: Pick<Element, 'attributes'>): number {
  const { h } = element.attributes
  return h !== undefined && /^\d{1,10}$/.test(h) ? Number(h) : Number.NaN
}
