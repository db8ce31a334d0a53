/** Bodies that are bytes: taken when they are asked for, as fast as somebody has a use for them, and never held in memory. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { within } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import { bodyTooLarge } from '../errors/refusals.ts'
import type { BytesBody, TakenBytes } from '../gateway/contract/operation.ts'
import { isMultipart, takeFile } from './multipart.ts'

/** ms that the next bytes are waited for; ms that all of them may take at least, and bytes of them a ms beyond that */
const NEXT_WITHIN = 30_000
const LEAST = 60_000
const SLOWEST = 100
/** ms that a caller may go on sending what was refused, so that they get to read why */
const UNREAD_WITHIN = 10_000

/** Connections whose body is being taken: it may take longer than other requests. */
export interface SlowBodies {
  has(socket: Socket): boolean
  /** from the head of the request to its answer */
  watch(request: IncomingMessage, response: ServerResponse): void
}

export function createSlowBodies(): SlowBodies {
  const sockets = new WeakSet<Socket>()
  return {
    has: (socket) => sockets.has(socket),
    watch(request, response) {
      const { socket } = request
      sockets.add(socket)
      response.once('close', () => sockets.delete(socket))
      response.once('finish', () => {
        if (request.complete) return
        // what is left of it is read, and thrown away
        request.resume()
        const late = setTimeout(() => socket.destroy(), UNREAD_WITHIN)
        request.once('close', () => clearTimeout(late))
      })
    },
  }
}

export function bytesOf(request: IncomingMessage): BytesBody {
  return {
    async take(limit) {
      const { 'content-encoding': encoding = 'identity', 'content-type': type } = request.headers
      if (encoding !== 'identity') throw new Problem('unsupported-media-type', 'The body must not be compressed.')
      const size = sizeOf(request)
      if (type !== undefined && isMultipart(type)) return await takeFile({ type, size, limit, chunks: (most) => chunksOf(request, most) })
      if (size === undefined) throw new Problem('length-required', 'Say with Content-Length how many bytes the file has.')
      if (size > limit) throw bodyTooLarge(limit)
      return {
        size,
        bytes: chunksOf(request, size),
        free: async () => {},
        ...(type !== undefined && { mediaType: type }),
      } satisfies TakenBytes
    },
  }
}

function sizeOf({ headers }: IncomingMessage): number | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || length === undefined ? undefined : Number(length)
}

/** The body as it comes. Throws request-timeout where its caller stops sending, or takes too long over it all. */
async function* chunksOf(request: IncomingMessage, size: number): AsyncGenerator<Uint8Array> {
  const until = performance.now() + LEAST + size / SLOWEST
  const chunks = request.iterator({ destroyOnReturn: false })
  for (;;) {
    const left = Math.min(NEXT_WITHIN, until - performance.now())
    const next = await within(Math.max(left, 0), chunks.next(), () => new Problem('request-timeout', 'The body did not arrive in time.'))
    if (next.done) return
    yield next.value
  }
}
