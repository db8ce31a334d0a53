import type { Socket } from 'node:net'
import type { Frame } from './frame.ts'

/** Bytes written ahead of what a reader's socket took, at most. */
export const WRITE_AHEAD = 1024 * 1024

/** How a stream writes to its reader. */
export interface Outlet {
  socket: Socket
  /** in which form frames are written */
  form: 'wire' | 'sse'
  /** bytes written and not yet taken by the socket */
  ahead(): number
  write(frame: Frame): void
}

export interface StallWatch {
  watch(
    socket: Socket,
    onStall: () => void,
  ): {
    /** to be called after a write */
    wrote(): void
    stop(): void
  }
}

/** looks per bound; a slow reader is found after at most this part more than the bound */
const LOOKS = 4
/** bytes that wait for all readers of the process; and as much again for those that were closed and have not taken what was written */
const TOTAL = 64 * 1024 * 1024

interface Waiting {
  socket: Socket
  taken: number
  since: number
  /** bytes that wait, as of the last write or look */
  size: number
  /** it was told, or its stream ended */
  isOver: boolean
  onStall: () => void
}

/**
 * Finds readers whose socket took nothing for `seconds` while something waits for them, and those for whom most waits where that is
 * too much of all. One timer for all of them, and none while nobody waits.
 */
export function createStallWatch({
  seconds,
  monotonic,
  onFull = () => {},
  total = TOTAL,
}: {
  seconds: number
  monotonic: () => number
  /** too much waits of all */
  onFull?: () => void
  total?: number
}): StallWatch {
  const waiting = new Map<Socket, Waiting>()
  /** of open ones, and of those that are over */
  const bytes = { open: 0, over: 0 }
  let timer: NodeJS.Timeout | undefined

  const sumOf = ({ isOver }: Waiting) => (isOver ? 'over' : 'open')

  function recount(entry: Waiting): void {
    const { writableLength, destroyed } = entry.socket
    const size = destroyed ? 0 : writableLength
    bytes[sumOf(entry)] += size - entry.size
    entry.size = size
    if (size === 0) waiting.delete(entry.socket)
  }

  function finish(entry: Waiting): void {
    if (entry.isOver) return
    bytes.open -= entry.size
    bytes.over += entry.size
    entry.isOver = true
    recount(entry)
  }

  function stall(entry: Waiting): void {
    finish(entry)
    entry.onStall()
  }

  /** The one for which most waits. */
  function largest(isOver: boolean): Waiting | undefined {
    let found: Waiting | undefined
    for (const entry of waiting.values()) {
      if (entry.isOver === isOver && entry.size > (found?.size ?? 0)) found = entry
    }
    return found
  }

  function makeRoom(): void {
    if (bytes.open <= total && bytes.over <= total) return
    for (const entry of waiting.values()) recount(entry)
    while (bytes.open > total) {
      onFull()
      stall(largest(false)!)
    }
    while (bytes.over > total) {
      const entry = largest(true)!
      entry.socket.destroy()
      recount(entry)
    }
  }

  function look(): void {
    const now = monotonic()
    for (const entry of waiting.values()) {
      recount(entry)
      if (entry.size === 0 || entry.isOver) continue
      const taken = bytesTaken(entry.socket)
      if (taken !== entry.taken) Object.assign(entry, { taken, since: now })
      else if (now - entry.since >= seconds * 1000) stall(entry)
    }
    makeRoom()
    if (waiting.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(socket, onStall) {
      return {
        wrote() {
          const known = waiting.get(socket)
          if (known === undefined) {
            if (socket.writableLength === 0) return
            const entry = { socket, taken: bytesTaken(socket), since: monotonic(), size: 0, isOver: false, onStall }
            waiting.set(socket, entry)
            recount(entry)
            timer ??= setInterval(look, (seconds * 1000) / LOOKS).unref()
          } else if (socket.writableLength > known.size) recount(known)
          makeRoom()
        },
        stop() {
          const entry = waiting.get(socket)
          if (entry) finish(entry)
        },
      }
    },
  }
}

/**
 * Bytes that the kernel took of what was written. `bytesWritten` counts what waits too; of a large write in progress
 * only libuv knows how much is left, as node's own socket timeout reads it.
 */
function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null }
  const finished = socket.bytesWritten - socket.writableLength
  return finished - (handle?.writeQueueSize ?? 0)
}
