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

/**
 * Writes frames as fast as the reader takes them. Resolves when the source has ended, when the socket is gone,
 * or when `signal` says that the reader is too slow.
 */
export async function pump(source: AsyncIterable<Frame[]>, outlet: Outlet, signal: AbortSignal): Promise<void> {
  const { socket } = outlet
  for await (const frames of source) {
    // what is there at once leaves in one write
    socket.cork()
    for (const frame of frames) {
      const ahead = outlet.ahead()
      if (ahead > 0 && ahead + frame[outlet.form].length > WRITE_AHEAD) {
        socket.uncork()
        await drained(socket, signal)
        socket.cork()
      }
      if (signal.aborted) break
      outlet.write(frame)
    }
    socket.uncork()
    if (signal.aborted) return
  }
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || signal.aborted) return resolve()
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
    signal.addEventListener('abort', done)
  })
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

/**
 * Finds readers whose socket took nothing for `seconds` while something waits for them. One timer for all of them,
 * and none while nobody waits.
 */
export function createStallWatch({ seconds, monotonic }: { seconds: number; monotonic: () => number }): StallWatch {
  interface Waiting {
    taken: number
    since: number
    onStall: () => void
  }
  const waiting = new Map<Socket, Waiting>()
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    const now = monotonic()
    for (const [socket, entry] of waiting) {
      const taken = bytesTaken(socket)
      if (socket.writableLength === 0 || socket.destroyed) waiting.delete(socket)
      else if (taken !== entry.taken) Object.assign(entry, { taken, since: now })
      else if (now - entry.since >= seconds * 1000) {
        waiting.delete(socket)
        entry.onStall()
      }
    }
    if (waiting.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(socket, onStall) {
      return {
        wrote() {
          if (socket.writableLength === 0 || waiting.has(socket)) return
          waiting.set(socket, { taken: bytesTaken(socket), since: monotonic(), onStall })
          timer ??= setInterval(look, (seconds * 1000) / LOOKS).unref()
        },
        stop: () => waiting.delete(socket),
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
