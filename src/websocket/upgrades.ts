/** Requests that offer to go on in another protocol, by a header that a server may ignore (RFC 9110 section 7.8). */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Those of a server that are taken, as the `upgrade` events of the server that is answered, which listens nowhere. All others are
 * answered as if nothing had been offered: node has them off its parser by then, so they go back to it without that header,
 * with all that came after them.
 */
export function takenUpgrades(server: Server, isTaken: (request: IncomingMessage) => boolean): Server {
  const taken = createServer()
  /** of each connection the last request that was answered, or is to be */
  const answers = new WeakMap<Socket, ServerResponse>()
  // a head is written anew from all of its headers; how many bytes they may have is bounded
  server.maxHeadersCount = 0
  server.on('request', ({ socket }, response) => answers.set(socket, response))

  server.on('upgrade', (request: IncomingMessage, _, rest) => {
    const { socket } = request
    // node listens to it no more
    const gone = () => socket.destroy()
    socket.on('error', gone)
    function go(): void {
      socket.off('error', gone)
      if (isTaken(request)) taken.emit('upgrade', request, socket, rest)
      else if (socket.writable) {
        socket.unshift(Buffer.concat([headOf(request), rest]))
        server.emit('connection', socket)
      }
    }
    const before = answers.get(socket)
    if (before === undefined || before.writableFinished) go()
    // answers go out in the order of the requests
    else before.once('close', go)
  })
  return taken
}

/** The head of a request as it came, without the offer; never longer than it was. */
function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (const [index, name] of rawHeaders.entries())
    if (index % 2 === 0 && name.toLowerCase() !== 'upgrade') head += `${name}:${rawHeaders[index + 1]}\r\n`
  return Buffer.from(`${head}\r\n`, 'latin1')
}
