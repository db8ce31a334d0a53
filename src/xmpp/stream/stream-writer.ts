import type { Clock } from '../../gateway/ports/clock.ts'
import { offline } from '../failure.ts'
import type { Channel } from './channel.ts'

interface WriterContext {
  readonly channel: Channel
  readonly clock: Clock
  isOver(): boolean
}

/**
 * The outgoing half of a bound stream: everything written in one turn goes to the socket in one piece.
 * A class because each stream has one, and there are thousands of streams.
 */
export class Writer {
  readonly #context: WriterContext
  /** … of this turn */
  #texts: string[] | undefined
  /** characters of them */
  #size = 0
  #next: PromiseWithResolvers<void> | undefined
  /** monotonic ms */
  lastWrite: number

  constructor(context: WriterContext) {
    this.#context = context
    this.lastWrite = context.clock.monotonic()
  }

  /** settles when the socket took it; rejects with the problem session-offline */
  write(text: string): Promise<void> {
    this.#texts ??= []
    this.#texts.push(text)
    this.#size += text.length
    if (this.#next === undefined) {
      this.#next = Promise.withResolvers<void>()
      // who does not wait for it need not handle its rejection
      this.#next.promise.catch(() => undefined)
      queueMicrotask(() => this.flush())
    }
    return this.#next.promise
  }

  /** now, instead of at the end of the turn */
  flush(): void {
    if (this.#next === undefined || this.#texts === undefined) return
    const { channel, clock } = this.#context
    const { resolve, reject } = this.#next
    const pieces = channel.framed ? this.#texts.map(asDocument) : [this.#texts.join('')]
    this.#next = undefined
    this.#texts = undefined
    this.#size = 0
    if (this.#context.isOver()) {
      reject(offline())
      return
    }
    this.lastWrite = clock.monotonic()
    const last = pieces.pop() as string
    for (const piece of pieces) channel.write(piece)
    channel.write(last, (cause) => (cause ? reject(offline(cause)) : resolve()))
  }

  /** characters and bytes on their way to the kernel */
  backlog(): number {
    return this.#context.channel.backlog() + this.#size
  }
}

/** In a WebSocket frame nothing is declared around a stanza (RFC 7395 section 3.3.3). Where one declares, `serialize` put that first. */
export function asDocument(xml: string): string {
  return xml.replace(/^<(message|presence|iq)(?=[\s/>])(?! xmlns=)/, '<$1 xmlns="jabber:client"')
}
