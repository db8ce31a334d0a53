import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { PreparedStream, StreamEnd, Streams } from './streams.ts'

/** bytes of one frame of a client */
export const FRAME_MAX = 64 * 1024
export const SUBPROTOCOL = 'cloudevents.json'

/** ms between pings; a client that did not answer the last one is gone */
const PING = 25_000
/** Frames of a client: on average per second, and at once */
const FRAMES_PER_SECOND = 200
const FRAMES_BURST = 1_000
/** requests of a client that are worked on at once; more wait in its socket */
const CONCURRENCY = 32

/** Close codes: RFC 6455, and 4000–4999 as HTTP's statuses would be. */
const closeCodes: Record<StreamEnd, readonly [code: number, reason: string]> = {
  ended: [1000, 'session ended'],
  drain: [1012, 'instance is shutting down'],
  slow: [4008, 'slow reader'],
  failed: [1011, 'internal error'],
  gone: [1001, 'gone'],
}
const RATE: readonly [number, string] = [4029, 'too many frames']

/** Options of the WebSocket server. Whoever does not take its close frame is destroyed 30 s later (`closeTimeout` of ws). */
export const socketOptions = {
  maxPayload: FRAME_MAX,
  perMessageDeflate: false,
  handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
} as const

export interface SocketContext {
  /** the TCP socket under the WebSocket */
  socket: Socket
  stream: PreparedStream
  streams: Streams
  /** JSON-RPC: answers a frame of the client, undefined for nothing */
  answer: (text: string) => Promise<string | undefined>
  onEnd: (code: number) => void
}

/** Serves a stream on a WebSocket: each frame out is an event or an answer, each frame in a request. */
export async function serveWebSocket(webSocket: WebSocket, { socket, stream, streams, answer, onEnd }: SocketContext): Promise<void> {
  const closed = streams.opened('websocket')
  webSocket.once('close', (code) => {
    clearInterval(beat)
    closed()
    onEnd(code)
  })
  const beat = keepAlive(webSocket, socket)
  takeRequests(webSocket, answer)
  let end: StreamEnd = 'failed'
  try {
    end = await stream.run({
      socket,
      ahead: () => webSocket.bufferedAmount,
      // The frame is made once for all readers. Nothing of ws can stand between: without compression it writes at once too.
      write: ({ wire }) => {
        if (webSocket.readyState === webSocket.OPEN) socket.write(wire)
      },
    })
  } finally {
    if (end !== 'gone') webSocket.close(...closeCodes[end])
  }
}

function keepAlive(webSocket: WebSocket, socket: Socket): NodeJS.Timeout {
  let isAlive = true
  webSocket.on('pong', () => {
    isAlive = true
  })
  return setInterval(() => {
    // what waits in the socket is the slow-reader rule's affair
    if (!isAlive && socket.writableLength === 0) return webSocket.terminate()
    isAlive = false
    webSocket.ping()
  }, PING).unref()
}

/** Hands frames to `answer`, a bounded number at once, and reads no further while that many are worked on. */
function takeRequests(webSocket: WebSocket, answer: SocketContext['answer']): void {
  let working = 0
  let allowance = FRAMES_BURST
  let refilled = performance.now()

  webSocket.on('message', (data, isBinary) => {
    const now = performance.now()
    allowance = Math.min(FRAMES_BURST, allowance + ((now - refilled) / 1000) * FRAMES_PER_SECOND) - 1
    refilled = now
    if (allowance < 0) return webSocket.close(...RATE)
    working += 1
    if (working >= CONCURRENCY) webSocket.pause()
    void answer(isBinary ? '' : data.toString())
      .then((text) => {
        if (text !== undefined && webSocket.readyState === webSocket.OPEN) webSocket.send(text)
      })
      .finally(() => {
        working -= 1
        if (working < CONCURRENCY && webSocket.isPaused) webSocket.resume()
      })
  })
}
