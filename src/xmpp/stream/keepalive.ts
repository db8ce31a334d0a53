import type { Bounds } from '../bounds.ts'

export interface KeepaliveContext {
  readonly bounds: Pick<Bounds, 'idle' | 'silence'>
  monotonic(): number
  /** monotonic ms of the last byte, or since when it is read again */
  lastHeard(): number
  lastWrite(): number
  /** XEP-0478: the server ends a stream that it heard nothing of for so long */
  idleSeconds(): number | undefined
  /** ms that the server may take to read what lies before the oldest question without an answer */
  ahead(): number
  /** nothing is read now, so that silence says nothing */
  paused(): boolean
  ask(): void
  dead(): void
}

/**
 * Looks for signs of life on a stream, by one timer: an idle one is asked for one, and one that gives none has ended.
 * A class because each stream has one, and there are thousands of streams.
 */
export class Keepalive {
  readonly #context: KeepaliveContext
  #timer: NodeJS.Timeout | undefined
  #askedAt: number | undefined

  constructor(context: KeepaliveContext) {
    this.#context = context
  }

  start(): void {
    this.look()
  }

  look(): void {
    const context = this.#context
    const now = context.monotonic()
    const heard = context.lastHeard()
    if (this.#askedAt !== undefined && (heard >= this.#askedAt || context.paused())) this.#askedAt = undefined
    if (this.#askedAt !== undefined && now >= this.#askedAt + this.#patience()) {
      context.dead()
      return
    }
    if (this.#askedAt === undefined && !context.paused() && now >= this.#due(heard)) context.ask()
    this.#timer = setTimeout(look, Math.max(1, this.#next(now, heard) - now), this)
  }

  /** a sign of life was asked for now, for whatever reason */
  asked(): void {
    this.#askedAt ??= this.#context.monotonic()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #next(now: number, heard: number): number {
    const { bounds } = this.#context
    if (this.#askedAt === undefined) return this.#context.paused() ? now + bounds.idle : this.#due(heard)
    // an answer came long before the patience ends: the next question is due then, not later
    const early = this.#askedAt + bounds.idle
    return Math.min(this.#askedAt + this.#patience(), now < early ? early : now + bounds.idle)
  }

  /** A server that reads slowly has not heard the question yet. */
  #patience(): number {
    return this.#context.bounds.silence + this.#context.ahead()
  }

  #due(heard: number): number {
    const { bounds } = this.#context
    return Math.min(heard + bounds.idle, this.#context.lastWrite() + (this.#context.idleSeconds() ?? Number.POSITIVE_INFINITY) * 500)
  }
}

const look = (keepalive: Keepalive) => keepalive.look()
