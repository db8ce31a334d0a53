import type { Clock } from '../../gateway/ports/clock.ts'
import { offline } from '../failure.ts'
import type { Channel } from './channel.ts'

/** The outgoing half of a bound stream: everything written in one turn goes to the socket in one piece. */
export interface Writer {
  /** settles when the socket took it; rejects with the problem session-offline */
  write(text: string): Promise<void>
  /** now, instead of at the end of the turn */
  flush(): void
  /** characters and bytes on their way to the kernel */
  backlog(): number
  /** monotonic ms of the last write */
  lastWrite(): number
}

export function createWriter({ channel, clock, isOver }: { channel: Channel; clock: Clock; isOver: () => boolean }): Writer {
  let texts: string[] = []
  let size = 0
  let lastWrite = clock.monotonic()
  let next: PromiseWithResolvers<void> | undefined

  function flush(): void {
    if (next === undefined) return
    const { resolve, reject } = next
    const pieces = channel.framed ? texts.map(asDocument) : [texts.join('')]
    next = undefined
    texts = []
    size = 0
    if (isOver()) {
      reject(offline())
      return
    }
    lastWrite = clock.monotonic()
    const last = pieces.pop() as string
    for (const piece of pieces) channel.write(piece)
    channel.write(last, (cause) => (cause ? reject(offline(cause)) : resolve()))
  }

  return {
    backlog: () => channel.backlog() + size,
    lastWrite: () => lastWrite,
    flush,
    write: (text) => {
      texts.push(text)
      size += text.length
      if (next === undefined) {
        next = Promise.withResolvers<void>()
        // who does not wait for it need not handle its rejection
        next.promise.catch(() => undefined)
        queueMicrotask(flush)
      }
      return next.promise
    },
  }
}

/** In a WebSocket frame nothing is declared around a stanza (RFC 7395 section 3.3.3). Where one declares, `serialize` put that first. */
export function asDocument(xml: string): string {
  return xml.replace(/^<(message|presence|iq)(?=[\s/>])(?! xmlns=)/, '<$1 xmlns="jabber:client"')
}
