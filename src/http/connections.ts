import type { Server, Socket } from 'node:net'

/** connections above the bound that are kept at one time: the oldest makes room for the next */
const ABOVE = 16

export interface Connections {
  /** is it one of those for which only health and metrics are answered? */
  isAbove(socket: Socket): boolean
}

/**
 * So many connections of callers, and no descriptor but those that may be taken; what comes above is accepted all the same, so that
 * health is answered and everybody else is told. Whoever opens more and says nothing takes the place of his own.
 */
export function boundConnections(
  server: Server,
  { most, descriptors, onFull }: { most: number; descriptors: number; onFull: () => void },
): Connections {
  const above = new Set<Socket>()
  /** one whose offer to upgrade is not taken comes again */
  const known = new WeakSet<Socket>()
  let within = 0

  // the kernel gives the lowest one that is free
  const isLast = (socket: Socket) => ((socket as { _handle?: { fd?: number } })._handle?.fd ?? 0) >= descriptors

  server.on('connection', (socket: Socket) => {
    if (known.has(socket)) return
    known.add(socket)
    if (within < most && !isLast(socket)) {
      within += 1
      socket.once('close', () => {
        within -= 1
      })
      return
    }
    onFull()
    const [oldest] = above
    if (above.size >= ABOVE) oldest?.destroy()
    above.add(socket)
    socket.once('close', () => above.delete(socket))
  })

  return { isAbove: (socket) => above.has(socket) }
}
