import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Delivery, endsWith, type StreamEnd } from '../events/delivery.ts'
import type { PreparedStream, Streams } from '../events/streams.ts'
import { createTokenBucket } from '../fair/token-bucket.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { RpcAnswer } from './json-rpc.ts'

/** bytes of one frame of a client */
const FRAME_MAX = 64 * 1024
const SUBPROTOCOL = 'cloudevents.json'

/** ms between pings; a client that did not answer the last one is gone */
const PING = 25_000
/** Frames of a client that are no request: on average per second, and at once. Requests are bounded by CONCURRENCY alone. */
const NOISE_PER_SECOND = 20
const NOISE_BURST = 100
/** requests of a client that are worked on at once; more wait in its socket */
const CONCURRENCY = 32
/** ms for the answers to what was asked before the session ended */
const LAST_ANSWERS = 2_000

/** Close codes: RFC 6455, and 4000–4999 as HTTP's statuses would be. */
const closeCodes: Record<StreamEnd, readonly [code: number, reason: string]> = {
  ended: [1000, 'session ended'],
  drain: [1012, 'instance is shutting down'],
  slow: [4008, 'slow reader'],
  expired: [4001, 'token expired'],
  failed: [1011, 'internal error'],
  gone: [1001, 'gone'],
}
const RATE: readonly [number, string] = [4029, 'too many frames']
const ownCodes: readonly number[] = [...Object.values(closeCodes), RATE].map(([code]) => code)

/** The code as a label of metrics: a client may close with any of a thousand codes of its own. */
export const codeLabel = (code: string | number): string =>
  Number(code) > 1015 && !ownCodes.includes(Number(code)) ? 'other' : String(code)

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
  /** JSON-RPC: answers the frames of the client, who may ask for more streams over the same socket */
  rpc: (delivery: Delivery) => (text: string) => Promise<RpcAnswer>
  /** counts the bytes of an answer until what it gives is called */
  hold: (bytes: number) => (() => void) | undefined
  /** of the client's token: tells when it is no longer good */
  watch: Caller['watch']
  onEnd: (code: number) => void
}

/** Serves a stream on a WebSocket: each frame out is an event or an answer, each frame in a request. */
export async function serveWebSocket(
  webSocket: WebSocket,
  { socket, stream, streams, rpc, hold, watch, onEnd }: SocketContext,
): Promise<void> {
  /** why we closed it: a client that is gone does not repeat it */
  let said: number | undefined
  const close = ([code, reason]: readonly [number, string]) => {
    said ??= code
    webSocket.close(code, reason)
  }
  const delivery = streams.deliver('websocket', stream, {
    socket,
    form: 'wire',
    ahead: () => webSocket.bufferedAmount,
    // The frame is made once for all readers. Nothing of ws can stand between: without compression it writes at once too.
    write: ({ wire }) => {
      if (webSocket.readyState === webSocket.OPEN) socket.write(wire)
    },
  })
  const stop = endsWith(delivery, watch)
  webSocket.once('close', (code) => {
    clearInterval(beat)
    onEnd(said ?? code)
  })
  const beat = keepAlive(webSocket, socket)
  const requests = takeRequests(webSocket, { answer: rpc(delivery), delivery, hold, flooded: () => close(RATE) })
  let end: StreamEnd = 'failed'
  try {
    end = await stream.run(delivery)
  } finally {
    // the request that ended the session may have come over this very socket
    if (end === 'ended') await Promise.race([requests.idle(), delay(LAST_ANSWERS, undefined, { ref: false })])
    // what else was asked for over it ends too
    delivery.end(end)
    stop()
    delivery.close()
    if (end !== 'gone') close(closeCodes[end])
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

/**
 * Hands frames to `answer`, a bounded number at once, and reads no further while that many are worked on, or more answers wait
 * than are to wait.
 */
function takeRequests(
  webSocket: WebSocket,
  {
    answer,
    delivery,
    hold,
    flooded,
  }: Pick<SocketContext, 'hold'> & { answer: (text: string) => Promise<RpcAnswer>; delivery: Delivery; flooded: () => void },
): { idle(): Promise<void> } {
  const idle: (() => void)[] = []
  let working = 0
  /** frames that came with those that are worked on, in one piece */
  const queue: string[] = []
  const noise = createTokenBucket({ rate: NOISE_PER_SECOND, burst: NOISE_BURST, monotonic: () => performance.now() })

  async function work(text: string): Promise<void> {
    const { text: answered, isRequest } = await answer(text)
    if (answered !== undefined && webSocket.readyState === webSocket.OPEN) {
      webSocket.send(answered, hold(answered.length))
      delivery.wrote()
      while (delivery.isFull() && !delivery.signal.aborted) await delivery.drained()
    }
    if (!isRequest && !noise.take()) flooded()
  }

  async function take(first: string): Promise<void> {
    working += 1
    for (let text: string | undefined = first; text !== undefined; text = queue.shift()) await work(text)
    working -= 1
    if (working === 0) for (const told of idle.splice(0)) told()
    // one that we close is read on too: its own close frame is to come
    if (webSocket.isPaused) webSocket.resume()
  }

  // a binary frame is no JSON
  webSocket.on('message', (data, isBinary) => {
    if (webSocket.readyState !== webSocket.OPEN) return
    const text = isBinary ? '' : data.toString()
    if (working >= CONCURRENCY) {
      queue.push(text)
      webSocket.pause()
    } else take(text).catch(() => webSocket.terminate())
  })
  return {
    idle: () => (working === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  }
}
