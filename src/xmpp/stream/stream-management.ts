import type { StreamState } from '../../gateway/ports/change.ts'
import type { Element } from '../../xml/element.ts'

/** XEP-0198 */
export const SM = 'urn:xmpp:sm:3'
const MODULUS = 2 ** 32

/** What is known of one stream and outlives its connections: the counters of XEP-0198, and what a resume may show not to have arrived. */
export interface Ledger {
  readonly jid: string
  /** undefined: the stream cannot be resumed */
  readonly id: string | undefined
  readonly max: number | null
  /** number of the last stanza sent */
  readonly outbound: number
  /** the server's last h */
  readonly acked: number
  /** the only number that the server is ever told: what is stored */
  readonly inbound: number
  /** stanzas received and not yet stored */
  readonly lag: number
  readonly unacked: number
  /** bytes of them, and of all that was ever sent here */
  readonly unackedSize: number
  readonly sentSize: number

  /** Counts a stanza that is written; answers its position. */
  send(xml: string): number
  /** Takes an h of the server; false where it is none that it can have (backwards, or past what was sent). */
  acknowledge(h: number): boolean
  /** Counts a received stanza; `again` where it was already handed over before the stream was resumed. */
  receive(): { position: number; again: boolean }
  /** everything up to this position is stored */
  store(position: number): void
  /** this one needs no storing: it was for us */
  consume(position: number): void
  /** The h to ask for a resume with: the server sends everything after it again, so counting goes on from it. */
  rewind(): number
  /** The server's h of a resume: what was sent after it is answered, and forgotten; counting goes on from there. undefined for an impossible h. */
  resume(h: number): readonly string[] | undefined
  snapshot(now: number): StreamState | null
}

/** How far `a` is ahead of `b`, counting modulo 2^32; more than half the range is behind. */
export function distance(a: number, b: number): number {
  const ahead = (((a - b) % MODULUS) + MODULUS) % MODULUS
  return ahead < MODULUS / 2 ? ahead : ahead - MODULUS
}

const next = (position: number) => (position + 1) % MODULUS

/**
 * A new stream, or with `from` one that another process held: that one's unacknowledged stanzas are not known here, so
 * counting goes on at the h of the server.
 */
export function createLedger({
  jid,
  id,
  max,
  from,
}: {
  jid: string
  id: string | undefined
  max: number | null
  from?: StreamState
}): Ledger {
  let received = from?.inbound ?? 0
  /** the furthest stanza that was ever handed over */
  let handed = received
  let foreign = from !== undefined
  const sent: string[] = []
  let consumed: Set<number> | undefined

  // plain properties: objects with getters would each have a shape of their own, and there are thousands of these
  const counts = {
    outbound: from?.outbound ?? 0,
    acked: from?.acked ?? 0,
    inbound: received,
    lag: 0,
    unacked: 0,
    unackedSize: 0,
    sentSize: 0,
  }
  counts.unacked = distance(counts.outbound, counts.acked)

  function stored(position: number): void {
    counts.inbound = position
    while (consumed?.delete(next(counts.inbound)) === true) counts.inbound = next(counts.inbound)
    if (consumed?.size === 0) consumed = undefined
    counts.lag = distance(handed, counts.inbound)
  }
  function acknowledge(h: number): boolean {
    const count = distance(h, counts.acked)
    if (!Number.isInteger(h) || h < 0 || h >= MODULUS || count < 0 || count > counts.unacked) return false
    counts.acked = h
    counts.unacked -= count
    for (const xml of sent.splice(0, count)) counts.unackedSize -= Buffer.byteLength(xml)
    return true
  }

  return Object.assign(counts, {
    jid,
    id,
    max,
    acknowledge,
    send: (xml: string) => {
      counts.outbound = next(counts.outbound)
      counts.unacked += 1
      const size = Buffer.byteLength(xml)
      counts.unackedSize += size
      counts.sentSize += size
      sent.push(xml)
      return counts.outbound
    },
    receive: () => {
      received = next(received)
      const again = distance(handed, received) >= 0
      if (!again) {
        handed = received
        counts.lag += 1
      }
      return { position: received, again }
    },
    store: (position: number) => {
      if (distance(position, counts.inbound) <= 0 || distance(handed, position) < 0) return
      for (const each of consumed ?? []) if (distance(each, position) <= 0) consumed?.delete(each)
      stored(position)
    },
    consume: (position: number) => {
      if (distance(position, counts.inbound) <= 0) return
      consumed ??= new Set()
      consumed.add(position)
      stored(counts.inbound)
    },
    rewind: () => {
      received = counts.inbound
      return received
    },
    resume: (h: number) => {
      // another process may have sent more than it came to save
      const possible = foreign ? Number.isInteger(h) && h >= 0 && h < MODULUS && distance(h, counts.acked) >= 0 : acknowledge(h)
      if (!possible) return undefined
      foreign = false
      Object.assign(counts, { outbound: h, acked: h, unacked: 0, unackedSize: 0 })
      return sent.splice(0)
    },
    snapshot: (now: number) => {
      const { inbound, outbound, acked } = counts
      return id === undefined ? null : { id, jid, inbound, outbound, acked, max, savedAt: now }
    },
  })
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
