/** Bodies that come in chunks (RFC 9112 section 7.1): each chunk is work, however small it is. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** chunks that a body may have whatever their size, and bytes that all chunks beyond them have on average, at least */
const CHUNKS = 1000
const BYTES = 64

/** Closes the connection of a request whose body comes in more and smaller chunks than that, also where nobody reads it. */
export function boundChunks(request: IncomingMessage, response: ServerResponse, { onTooMany }: { onTooMany: () => void }): void {
  if (request.headers['transfer-encoding'] === undefined) return
  let chunks = 0
  let bytes = 0
  const push = request.push.bind(request)
  let isOver = false
  request.push = (chunk: Buffer | null, encoding) => {
    // what was read with what was too much
    if (isOver) return true
    chunks += 1
    bytes += chunk?.length ?? 0
    isOver = chunks > CHUNKS + bytes / BYTES
    if (!isOver) return push(chunk, encoding)
    onTooMany()
    request.socket.destroy()
    return true
  }
  // what nobody has begun to read when it is answered is thrown away by node, without a word of it
  request.read(0)
  response.once('finish', () => request.resume())
}
