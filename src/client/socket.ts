import type { Event } from './types.ts'

/** ms for a WebSocket to open */
const OPEN_WITHIN = 15_000
/** ms in which nothing came until the other side is asked for a sign of life, and again as long until it is given up */
const SILENCE = 30_000

/** Why a socket is over: the code of its close frame, or one of ours. */
export type SocketEnd = number | 'full' | 'silent'

/** An answer of JSON-RPC 2.0. */
export interface Answer {
  id?: unknown
  result?: unknown
  error?: { data?: unknown }
}

export interface Socket {
  /** a frame of JSON-RPC, as text; false when the socket is over */
  send(text: string): boolean
  /** nothing is heard of it any more */
  finish(why: SocketEnd): void
}

/**
 * Opens a socket of `GET /events`. Undefined where it did not open, for a WebSocket does not say why; rejects with the signal's reason
 * alone, which counts until it is open. `onEnd` is called once, when it is over.
 */
export async function openSocket(
  url: string,
  {
    WebSocket,
    signal,
    onEvent,
    onAnswer,
    onEnd,
  }: {
    WebSocket: typeof globalThis.WebSocket
    signal: AbortSignal | undefined
    onEvent: (event: Event, characters: number) => void
    onAnswer: (answer: Answer) => void
    onEnd: (why: SocketEnd) => void
  },
): Promise<Socket | undefined> {
  signal?.throwIfAborted()
  const socket = new WebSocket(url)
  const opening = Promise.withResolvers<boolean>()
  let over = false
  let heard = true
  let asked = false
  let watch: ReturnType<typeof setInterval> | undefined

  function send(text: string): boolean {
    const isOpen = socket.readyState === WebSocket.OPEN
    if (isOpen) socket.send(text)
    return isOpen
  }
  function finish(why: SocketEnd): void {
    if (over) return
    over = true
    clearInterval(watch)
    socket.onmessage = socket.onclose = null
    if (socket.readyState <= WebSocket.OPEN) socket.close(1000)
    opening.resolve(false)
    onEnd(why)
  }
  function listen(): void {
    if (!heard && asked) return void finish('silent')
    asked = !heard
    heard = false
    // any answer will do, a refusal too
    if (asked) send('{"jsonrpc":"2.0","id":"alive","method":"me.get"}')
  }

  socket.onmessage = ({ data }) => {
    heard = true
    const frame = JSON.parse(data)
    if (frame.jsonrpc === undefined) onEvent(frame, data.length)
    else onAnswer(frame)
  }
  socket.onclose = ({ code }) => finish(code)
  socket.onopen = () => opening.resolve(true)

  const giveUp = () => finish('silent')
  const late = setTimeout(giveUp, OPEN_WITHIN)
  signal?.addEventListener('abort', giveUp)
  const isOpen = await opening.promise
  clearTimeout(late)
  signal?.removeEventListener('abort', giveUp)
  signal?.throwIfAborted()
  if (!isOpen || over) return undefined
  watch = setInterval(listen, SILENCE)
  return { send, finish }
}
