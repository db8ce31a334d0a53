import type { StreamState } from '../gateway/ports/change.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Login, Negotiated } from './login/login.ts'
import { Ledger } from './stream/stream-management.ts'

interface ResumptionContext {
  readonly clock: Clock
  /** the server has counted up to this position */
  counted(position: number): void
  /** The stream cannot come back. `h`: the server's number where it is known; `refused`: why it ended over what we wrote. */
  lost(h: number | null, refused?: string): void
}

/**
 * The last stream of a connection, as far as it may be resumed (XEP-0198 section 5).
 * A class because each connection has one, and there are thousands of connections.
 */
export class Resumption {
  readonly #context: ResumptionContext
  #ledger: Ledger | undefined
  /** monotonic ms of its end */
  #droppedAt: number | undefined
  /** the work of its bind is done: only then is it worth resuming */
  isReady: boolean
  /** a resume was asked for and never answered; the server may still carry it out, beside the next one */
  isDoubtful = false

  /** `from`: a stream that another process left */
  constructor(context: ResumptionContext, from: StreamState | null) {
    this.#context = context
    this.#ledger = from === null ? undefined : new Ledger({ jid: from.jid, id: from.id, max: from.max, from })
    this.isReady = from !== null
  }

  get ledger(): Ledger | undefined {
    return this.#ledger
  }

  /** Has it an id, and may the server have it still? */
  isPossible(): boolean {
    const { clock } = this.#context
    if (this.#ledger?.id === undefined) return false
    const { max } = this.#ledger
    return this.#droppedAt === undefined || max === null || clock.monotonic() - this.#droppedAt <= max * 1000
  }

  /** What the next log-in asks for; without a possible one the stream is lost. Its h is read when it is written. */
  request(): Login['resume'] {
    const ledger = this.#ledger
    if (ledger?.id === undefined || !this.isPossible()) {
      this.lose(null)
      return undefined
    }
    const h = () => {
      this.isDoubtful = true
      return ledger.rewind()
    }
    return { id: ledger.id, jid: ledger.jid, h }
  }

  /**
   * The server has resumed it, or bound another one, which is the one from now on. Answers what a resume shows not to have arrived;
   * undefined for an h that the server cannot have.
   */
  take({ jid, outcome }: Negotiated): readonly string[] | undefined {
    this.isDoubtful = false
    if (outcome.kind === 'resumed') return this.#ledger?.resume(outcome.h)
    this.lose(outcome.failedH)
    const { id, max } = outcome.management ?? { id: undefined, max: null }
    this.#ledger = new Ledger({ jid, id, max })
    this.isReady = false
    return []
  }

  dropped(): void {
    this.#droppedAt = this.#context.clock.monotonic()
  }

  /** It cannot come back: the fate of what the server did not acknowledge is unknown. */
  lose(h: number | null, refused?: string): void {
    if (this.#ledger === undefined) return
    const gone = this.#ledger
    this.#ledger = undefined
    const isKnown = h !== null && gone.acknowledge(h)
    if (isKnown) this.#context.counted(gone.acked)
    this.#context.lost(isKnown ? h : null, refused)
  }

  /** for another process */
  snapshot(): StreamState | null {
    return this.isReady ? (this.#ledger?.snapshot(this.#context.clock.now()) ?? null) : null
  }
}
