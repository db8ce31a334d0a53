import { openSocket, type SocketEnd } from './socket.ts'
import type { Event } from './types.ts'

/** events, and characters of them, that wait for the reader; a stream with more is closed, and goes on from its place when they were read */
const WAITING_MAX = 1_000
const WAITING_CHARACTERS = 4 * 2 ** 20
/** ms in which acknowledgements are drawn together */
const ACK_EACH = 200

export interface Stream {
  /** the next event; undefined when the stream is over and all that came was read */
  next(): Promise<Event | undefined>
  readonly end: SocketEnd | undefined
  /** moves the place of a named consumer, soon */
  ack(consumer: string, cursor: string): void
  /** what is to be acknowledged goes out first */
  close(): void
}

/** Opens a stream of events; undefined where it did not open. Rejects with the signal's reason alone. */
export async function openStream(
  url: string,
  { WebSocket, signal }: { WebSocket: typeof globalThis.WebSocket; signal: AbortSignal | undefined },
): Promise<Stream | undefined> {
  const waiting: { event: Event; size: number }[] = []
  let characters = 0
  let end: SocketEnd | undefined
  let wake = () => {}
  let acked: { consumer: string; cursor: string } | undefined
  let ackTimer: ReturnType<typeof setTimeout> | undefined

  const socket = await openSocket(url, {
    WebSocket,
    signal,
    onEvent(event, size) {
      waiting.push({ event, size })
      characters += size
      wake()
      if (waiting.length >= WAITING_MAX || characters >= WAITING_CHARACTERS) socket?.finish('full')
    },
    onAnswer() {},
    onEnd(why) {
      end = why
      wake()
    },
  })
  if (socket === undefined) return undefined
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort)

  function sendAck(): void {
    clearTimeout(ackTimer)
    ackTimer = undefined
    if (acked !== undefined) socket?.send(JSON.stringify({ jsonrpc: '2.0', method: 'events.ack', params: acked }))
    acked = undefined
  }

  return {
    async next() {
      for (;;) {
        signal?.throwIfAborted()
        const first = waiting.shift()
        if (first !== undefined) {
          characters -= first.size
          return first.event
        }
        if (end !== undefined) return undefined
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    get end() {
      return end
    },
    ack(consumer, cursor) {
      acked = { consumer, cursor }
      ackTimer ??= setTimeout(sendAck, ACK_EACH)
    },
    close() {
      sendAck()
      signal?.removeEventListener('abort', onAbort)
      socket.finish(1000)
    },
  }
}
