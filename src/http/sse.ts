import type { FastifyReply } from 'fastify'
import { endsWith } from '../events/delivery.ts'
import { destroyLater, type PreparedStream, type Streams } from '../events/streams.ts'
import type { Caller } from '../gateway/contract/operation.ts'

/** ms between comments, so that proxies keep the connection */
const HEARTBEAT = 15_000
/** ms after which a browser comes back */
const RETRY = 2_000

export const sseHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }

/** Serves a stream as server-sent events: `id:` and `data:`, no `event:`, so that `onmessage` fires. */
export async function serveSse(
  reply: FastifyReply,
  { stream, streams, watch, onEnd }: { stream: PreparedStream; streams: Streams; watch: Caller['watch']; onEnd: (code: string) => void },
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  const socket = raw.socket
  if (socket === null) return
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    ...sseHeaders,
  })
  raw.write(`retry: ${RETRY}\n\n`)
  const delivery = streams.deliver('sse', stream, {
    socket,
    form: 'sse',
    ahead: () => raw.writableLength,
    write: ({ sse }) => raw.write(sse),
  })
  const stop = endsWith(delivery, watch)
  const beat = setInterval(() => raw.write(':\n\n'), HEARTBEAT).unref()
  let why = 'failed'
  try {
    why = await stream.run(delivery)
  } finally {
    clearInterval(beat)
    raw.end()
    if (!raw.writableFinished) destroyLater(socket)
    stop()
    delivery.close()
    onEnd(why)
  }
}
