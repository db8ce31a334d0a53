import { createPlaces } from '../fair/places.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import type { Frame } from './frame.ts'
import { type Outlet, type StallWatch, WRITE_AHEAD } from './outlet.ts'

/** Why a stream ends. */
export type StreamEnd = 'ended' | 'slow' | 'drain' | 'expired' | 'gone' | 'failed'

/** streams of one socket that have read events which it did not take yet */
const READING = 2

/** All that is told over one socket: one stream, or with subscriptions many. */
export interface Delivery {
  /** aborted with a StreamEnd when nothing more is told */
  readonly signal: AbortSignal
  readonly form: Outlet['form']
  end(why: StreamEnd): void
  /** Room to read in, where several streams share the socket; it is given back when the socket has what was read, or `signal` ends it. */
  place(signal: AbortSignal): Promise<() => void> | undefined
  /** Writes frames as fast as they are taken; resolves when all are written, or `signal` is aborted. */
  write(frames: readonly Frame[], signal: AbortSignal): Promise<void>
  /** something else was written to the socket */
  wrote(): void
  /** Is more written than is to wait? */
  isFull(): boolean
  /** when some of it was taken, or nothing will be any more */
  drained(): Promise<void>
  /** one stream more, until that is called */
  enter(): () => void
  close(): void
}

export function createDelivery(
  outlet: Outlet,
  { stalls, metrics, tracing }: { stalls: StallWatch; metrics: Metrics; tracing: Tracing },
): Delivery {
  const { socket, form } = outlet
  const controller = new AbortController()
  const { signal } = controller
  const places = createPlaces({ most: READING, each: READING })
  let streams = 0
  let waiting: Promise<void> | undefined

  const end = (why: StreamEnd) => controller.abort(why)
  const stall = stalls.watch(socket, () => end('slow'))
  const gone = () => end('gone')
  socket.once('close', gone)

  /** All streams of a socket wait with the same listeners. */
  function drained(): Promise<void> {
    waiting ??= new Promise<void>((resolve) => {
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
    }).finally(() => {
      waiting = undefined
    })
    return waiting
  }

  function writeOne(frame: Frame): void {
    const { trace, type } = frame.event
    const span = trace && tracing.begin('delivery', { parent: trace, attributes: { 'stanzagate.event': type } })
    outlet.write(frame)
    span?.end()
  }

  return {
    signal,
    form,
    end,
    place: (ending) => (streams > 1 ? places.take('', ending).catch(() => () => {}) : undefined),

    async write(frames, ending) {
      // what is there at once leaves in one write
      socket.cork()
      for (const frame of frames) {
        while (!ending.aborted && outlet.ahead() > 0 && outlet.ahead() + frame[form].length > WRITE_AHEAD) {
          socket.uncork()
          await drained()
          socket.cork()
          if (socket.destroyed) end('gone')
        }
        if (ending.aborted) break
        writeOne(frame)
        if (frame.event.type === 'events.gap')
          metrics.count('events_gap_total', { reason: (frame.event.data as { reason: string }).reason })
        stall.wrote()
      }
      socket.uncork()
    },

    wrote: stall.wrote,
    isFull: () => outlet.ahead() > WRITE_AHEAD,
    drained,
    enter() {
      streams += 1
      return () => {
        streams -= 1
      }
    },
    close() {
      stall.stop()
      socket.off('close', gone)
    },
  }
}

/** A delivery ends when the token is no longer good, until that is called. */
export function endsWith(delivery: Delivery, watch: Caller['watch']): () => void {
  return watch?.(() => delivery.end('expired')) ?? (() => {})
}
