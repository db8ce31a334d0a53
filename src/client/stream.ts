import type { Event } from './types.ts'

/** ms for a WebSocket to open */
const OPEN_WITHIN = 15_000
/** events, and characters of them, that wait for the reader; a stream with more is closed, and goes on from its place when they were read */
const WAITING_MAX = 1_000
const WAITING_CHARACTERS = 4 * 2 ** 20
/** ms in which nothing came until the other side is asked for a sign of life, and again as long until it is given up */
const SILENCE = 30_000
/** ms in which acknowledgements are drawn together */
const ACK_EACH = 200

/** Why a stream is over: the code of its close frame, or one of ours. */
export type StreamEnd = number | 'full' | 'silent'

export interface Stream {
  /** the next event; undefined when the stream is over and all that came was read */
  next(): Promise<Event | undefined>
  readonly end: StreamEnd | undefined
  /** moves the place of a named consumer, soon */
  ack(cursor: string): void
  /** what is to be acknowledged goes out first */
  close(): void
}

/** Opens a stream of events; undefined where it did not open, for a WebSocket does not say why. Rejects with the signal's reason alone. */
export async function openStream(
  url: string,
  {
    WebSocket,
    consumer,
    signal,
  }: { WebSocket: typeof globalThis.WebSocket; consumer: string | undefined; signal: AbortSignal | undefined },
): Promise<Stream | undefined> {
  const socket = new WebSocket(url)
  const waiting: { event: Event; size: number }[] = []
  let characters = 0
  let end: StreamEnd | undefined
  let wake = () => {}
  let heard = true
  let asked = false
  let place: string | undefined
  let ackTimer: ReturnType<typeof setTimeout> | undefined

  const request = (message: object) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
  function sendAck(): void {
    clearTimeout(ackTimer)
    ackTimer = undefined
    if (place !== undefined && socket.readyState === WebSocket.OPEN) request({ method: 'events.ack', params: { consumer, cursor: place } })
    place = undefined
  }
  function finish(why: StreamEnd): void {
    end ??= why
    clearInterval(watch)
    clearTimeout(ackTimer)
    signal?.removeEventListener('abort', onAbort)
    socket.onmessage = socket.onclose = null
    if (socket.readyState <= WebSocket.OPEN) socket.close(1000)
    wake()
  }
  function listen(): void {
    if (!heard && asked) finish('silent')
    else if (heard) asked = false
    else {
      asked = true
      // any answer will do, a refusal too
      request({ id: 'alive', method: 'me.get' })
    }
    heard = false
  }
  let watch: ReturnType<typeof setInterval> | undefined
  const onAbort = () => wake()

  socket.onmessage = ({ data }) => {
    heard = true
    const frame = JSON.parse(data)
    if (frame.jsonrpc !== undefined) return
    waiting.push({ event: frame, size: data.length })
    characters += data.length
    wake()
    if (waiting.length >= WAITING_MAX || characters >= WAITING_CHARACTERS) finish('full')
  }
  socket.onclose = ({ code }) => finish(code)
  socket.onerror = () => {}

  signal?.addEventListener('abort', onAbort)
  const late = setTimeout(() => finish('silent'), OPEN_WITHIN)
  const opened = new Promise<void>((resolve) => {
    wake = resolve
    socket.onopen = () => resolve()
  })
  if (!signal?.aborted) await opened
  clearTimeout(late)
  if (signal?.aborted || end !== undefined) {
    finish('silent')
    signal?.throwIfAborted()
    return undefined
  }
  watch = setInterval(listen, SILENCE)

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
    ack(cursor) {
      place = cursor
      ackTimer ??= setTimeout(sendAck, ACK_EACH)
    },
    close() {
      sendAck()
      finish(1000)
    },
  }
}
