import type { Clock } from '../../gateway/ports/clock.ts'
import type { Bounds } from '../bounds.ts'
import type { Channel } from './channel.ts'
import { type Ledger, SM } from './stream-management.ts'

interface IntakeContext {
  readonly channel: Channel
  readonly ledger: Ledger
  readonly bounds: Pick<Bounds, 'unstored' | 'unanswered'>
  readonly clock: Clock
  isOver(): boolean
  write(xml: string): Promise<void>
  /** the server is there */
  verified(): void
}

/**
 * How fast stanzas are let in, and what the server is told of them: only what is stored.
 * A class because each stream has one, and there are thousands of streams.
 */
export class Intake {
  readonly #context: IntakeContext
  /** nothing is read: too much of what came is not stored yet */
  isPaused = false
  /** monotonic ms since when it is read again */
  readingSince: number
  /** how often the server asked while an answer to it is on its way, the first time included */
  #asked = 0

  constructor(context: IntakeContext) {
    this.#context = context
    this.readingSince = context.clock.monotonic()
  }

  /** A stanza was handed over: reading stops while too many are not stored. */
  came(): void {
    const { channel, ledger, bounds } = this.#context
    if (this.isPaused || ledger.lag < bounds.unstored) return
    this.isPaused = true
    channel.pause()
  }

  /** everything up to this position is stored */
  stored(position: number): void {
    const { ledger, bounds } = this.#context
    ledger.store(position)
    if (!this.isPaused || this.#context.isOver() || ledger.lag >= bounds.unstored / 2) return
    this.isPaused = false
    this.#read()
  }

  /** The server asks what is handled. One answer is on its way at a time; who asks on and takes none is not read until it does. */
  requested(): void {
    const { channel, bounds } = this.#context
    this.#context.verified()
    this.#asked += 1
    if (this.#asked === 1) {
      this.tell().then(
        () => this.#taken(),
        () => undefined,
      )
    } else if (this.#asked === bounds.unanswered) channel.pause()
  }

  /** the answer that was on its way */
  #taken(): void {
    const [more, choked] = [this.#asked > 1, this.#isChoked()]
    this.#asked = 0
    if (more) this.requested()
    if (choked) this.#read()
  }

  #isChoked(): boolean {
    return this.#asked >= this.#context.bounds.unanswered
  }

  /** tells the server what is stored */
  tell(): Promise<void> {
    return this.#context.write(`<a xmlns="${SM}" h="${this.#context.ledger.inbound}"/>`)
  }

  #read(): void {
    const { channel, clock } = this.#context
    if (this.isPaused || this.#isChoked() || this.#context.isOver()) return
    this.readingSince = clock.monotonic()
    channel.resume()
  }
}
