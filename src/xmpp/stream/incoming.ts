import type { Log } from '../../gateway/ports/log.ts'
import { CLIENT, type Element } from '../../xml/element.ts'
import { STREAMS } from '../../xml/parse.ts'
import { streamFailure, wrongCount } from '../failure.ts'
import type { AckRequests } from './ack-requests.ts'
import type { Intake } from './intake.ts'
import type { Pings } from './pings.ts'
import { readFeatures, type StreamFeatures } from './stream-features.ts'
import { type Ledger, readH, SM } from './stream-management.ts'

export interface StreamEvents {
  stanza(stanza: Element, position: number): void
  larger?: ((start: Element, bytes: number) => number | undefined) | undefined
  acked(position: number): void
  verified(): void
  /** the server says anew what the stream has */
  features(features: StreamFeatures): void
}

interface IncomingContext {
  /** the server acknowledges stanzas; else pings do */
  readonly managed: boolean
  readonly ledger: Ledger
  readonly pings: Pings
  readonly requests: AckRequests
  readonly intake: Intake
  readonly events: StreamEvents
  readonly log: Log
  /** all that was sent is acknowledged */
  onSettled(): void
}

/** What the elements of a bound stream are. A class because each stream has one, and there are thousands of streams. */
export class Incoming {
  readonly #context: IncomingContext

  constructor(context: IncomingContext) {
    this.#context = context
  }

  /** What it throws ends the stream. */
  take(received: Element): void {
    const { name, xmlns } = received
    const { intake, events, log } = this.#context
    if (xmlns === CLIENT && (name === 'message' || name === 'presence' || name === 'iq')) this.#takeStanza(received)
    else if (xmlns === SM && name === 'r') intake.requested()
    else if (xmlns === SM && name === 'a') this.#acknowledged(readH(received))
    else if (xmlns === STREAMS && name === 'error') throw streamFailure(received)
    else if (xmlns === STREAMS && name === 'features') events.features(readFeatures(received))
    else log.debug({ event: 'xmpp.left-out', element: name, xmlns }, 'An element that is no stanza was left out')
  }

  #takeStanza(stanza: Element): void {
    const { managed, ledger, pings, intake, events } = this.#context
    const { position, again } = ledger.receive()
    if (again) return
    const ping = pings.take(stanza)
    if (ping === undefined) this.hand(stanza, position)
    else {
      events.verified()
      if (!managed) this.#acknowledged(ping.position)
      ping.done()
      ledger.consume(position)
    }
    intake.came()
  }

  /** A handler that throws costs its stanza, not the session: after a resume the server would only send it again. */
  hand(stanza: Element, position: number): void {
    const { events, log, ledger } = this.#context
    try {
      events.stanza(stanza, position)
    } catch (err) {
      log.warn({ event: 'xmpp.stanza-failed', err, stanza: stanza.name }, 'A stanza could not be handled')
      ledger.consume(position)
    }
  }

  #acknowledged(h: number): void {
    const { managed, ledger, requests, events } = this.#context
    const before = ledger.acked
    if (!ledger.acknowledge(h)) throw wrongCount()
    if (managed) events.verified()
    requests.acknowledged()
    if (h !== before) events.acked(h)
    if (ledger.unacked === 0) this.#context.onSettled()
  }
}
