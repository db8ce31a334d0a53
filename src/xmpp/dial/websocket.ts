import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { failure } from '../failure.ts'
import type { Channel, ChannelListener } from '../stream/channel.ts'

/**
 * XMPP over a WebSocket (RFC 7395) on a socket that is already connected, checked and, for wss, secure.
 * Compression is never negotiated. Rejects with xmpp-unreachable.
 */
export function websocketChannel(
  socket: Socket,
  { url, maxPayload, signal }: { url: URL; maxPayload: number; signal: AbortSignal },
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const tls = socket instanceof TLSSocket ? socket : null
    const websocket = new WebSocket(url, ['xmpp'], {
      createConnection: () => socket,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload,
    })
    let cause: Error | undefined
    let listener: ChannelListener | undefined
    const abort = () => give(signal.reason)
    function give(reason: unknown): void {
      signal.removeEventListener('abort', abort)
      websocket.terminate()
      socket.destroy()
      reject(
        signal.aborted
          ? signal.reason
          : failure('unreachable', 'xmpp-unreachable', 'The server does not speak XMPP over a WebSocket there.', reason),
      )
    }
    websocket.on('error', (error) => {
      cause ??= error
    })
    websocket.once('error', give)
    websocket.on('message', (data) => listener?.data(asBuffer(data)))
    const heard = (chunk: Buffer) => listener?.heard(chunk.length)
    websocket.on('close', () => listener?.closed(cause))
    websocket.once('open', () => {
      websocket.removeListener('error', give)
      signal.removeEventListener('abort', abort)
      if (websocket.protocol !== 'xmpp') return give(new Error('The subprotocol xmpp was not accepted.'))
      // a large frame on a slow link is told when it is complete; that it is coming is a sign of life
      socket.on('data', heard)
      resolve({
        secure: tls !== null,
        tls,
        framed: true,
        backlog: () => websocket.bufferedAmount,
        write: (text, done) => {
          websocket.send(text, done)
        },
        listen: (next) => {
          listener = next
          if (websocket.readyState === WebSocket.CLOSED) setImmediate(() => next.closed(cause))
        },
        pause: () => websocket.pause(),
        resume: () => websocket.resume(),
        end: () => websocket.close(),
        destroy: () => {
          websocket.terminate()
          socket.destroy()
        },
      })
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
