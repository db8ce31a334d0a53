/** Requests that come on one connection before the answer to an earlier one (pipelining, RFC 9112 section 9.3.2). */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** requests of one connection that wait for the answer to an earlier one; a connection with more is closed */
export const BEHIND_MAX = 32

interface Connection {
  isBusy: boolean
  behind: [IncomingMessage, ServerResponse & { req: IncomingMessage }][]
}

/**
 * Takes them one after the other, the next in another turn of the event loop, and reads no further meanwhile: thousands fit into what is
 * read at once, and whoever sends them is to get no more of the process than somebody who waits.
 */
export function oneByOne(take: RequestListener, { onTooMany }: { onTooMany: () => void }): RequestListener {
  const connections = new WeakMap<Socket, Connection>()

  function begin(connection: Connection, ...[request, response]: Connection['behind'][0]): void {
    connection.isBusy = true
    response.once('close', () => {
      if (connection.behind.length > 0) setImmediate(next, connection, request.socket)
      else connection.isBusy = false
    })
    take(request, response)
  }

  function next(connection: Connection, socket: Socket): void {
    const following = connection.behind.shift()
    if (following === undefined || socket.destroyed) return
    if (connection.behind.length === 0) socket.resume()
    begin(connection, ...following)
  }

  return (request, response) => {
    const { socket } = request
    // what was read with what was too much
    if (socket.destroyed) return
    const known = connections.get(socket)
    if (!known?.isBusy) {
      const connection = known ?? { isBusy: true, behind: [] }
      if (!known) connections.set(socket, connection)
      return begin(connection, request, response)
    }
    if (known.behind.length >= BEHIND_MAX) {
      onTooMany()
      known.behind = []
      parseNoMore(socket)
      socket.destroy()
      return
    }
    known.behind.push([request, response])
    socket.pause()
  }
}

/**
 * Of what was read with it node makes a request, an answer and an error each, a thousand and more in one turn. Where the handler of its
 * parser, which is not documented, says that another protocol follows (2), nothing more is parsed.
 */
function parseNoMore(socket: Socket): void {
  const { parser } = socket as { parser?: { onIncoming?: () => number } | null }
  if (parser) parser.onIncoming = () => 2
}
