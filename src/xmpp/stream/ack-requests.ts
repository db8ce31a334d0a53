import type { Bounds } from '../bounds.ts'
import type { Ledger } from './stream-management.ts'

interface AckRequestsContext {
  readonly bounds: Pick<Bounds, 'requestAfter' | 'requestSize' | 'requestDelay' | 'slowest'>
  readonly ledger: Ledger
  isOver(): boolean
  /** asks the server; `isNew`: for something that it was not asked for yet */
  askForAck(isNew: boolean): void
}

/**
 * When the server is asked to acknowledge what was sent, and how long it may take.
 * A class because each stream has one, and there are thousands of streams.
 */
export class AckRequests {
  readonly #context: AckRequestsContext
  /** for each question without an answer, the bytes sent before it */
  readonly #questions: number[] = []
  /** bytes sent when the server was last asked */
  #askedSize: number
  /** stanzas sent since then */
  #unasked = 0
  #timer: NodeJS.Timeout | undefined

  constructor(context: AckRequestsContext) {
    this.#context = context
    this.#askedSize = context.ledger.sentSize
  }

  /** A stanza was written: asks soon, or at once where there is reason to. */
  sent(now: boolean): void {
    const { bounds, ledger } = this.#context
    this.#unasked += 1
    if (now || this.#unasked >= bounds.requestAfter || ledger.sentSize - this.#askedSize >= bounds.requestSize) this.ask()
    else this.#timer ??= setTimeout(ask, bounds.requestDelay, this)
  }

  ask(): void {
    const { ledger } = this.#context
    this.stop()
    if (this.#context.isOver()) return
    this.#context.askForAck(this.#unasked > 0)
    this.#unasked = 0
    this.#askedSize = ledger.sentSize
    if (this.#questions.at(-1) !== this.#askedSize) this.#questions.push(this.#askedSize)
  }

  /** the server has counted more */
  acknowledged(): void {
    const handled = handledSize(this.#context.ledger)
    while (this.#questions[0] !== undefined && this.#questions[0] <= handled) this.#questions.shift()
  }

  /** Is all that was written acknowledged? Where it is not, the server is asked. */
  isQuiet(): boolean {
    const { ledger } = this.#context
    if (ledger.unacked > 0 && this.#unasked > 0) this.ask()
    return ledger.unacked === 0
  }

  /** ms that the server may take to read all that is on its way to it, at the slowest */
  transit(): number {
    const { ledger, bounds } = this.#context
    return msFor(ledger.unackedSize, bounds.slowest)
  }

  /** … and what lies before the oldest question without an answer */
  ahead(): number {
    const { ledger, bounds } = this.#context
    const [oldest] = this.#questions
    return oldest === undefined ? 0 : msFor(oldest - handledSize(ledger), bounds.slowest)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

const ask = (requests: AckRequests) => requests.ask()

/** bytes that the server has counted */
const handledSize = ({ sentSize, unackedSize }: Ledger) => sentSize - unackedSize

const msFor = (bytes: number, slowest: number) => (Math.max(bytes, 0) / slowest) * 1000
