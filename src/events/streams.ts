import type { Socket } from 'node:net'
import { Problem } from '../errors/problem.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { EventDraft } from '../gateway/ports/event.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Consumers } from './consumers.ts'
import { cursorOf } from './cursor.ts'
import { createFilter } from './filter.ts'
import type { Frame } from './frame.ts'
import { createStallWatch, type Outlet, pump } from './outlet.ts'
import { type EventsQuery, listsOf } from './query.ts'
import { readEvents } from './reader.ts'
import type { Tails } from './tail.ts'

/** Why a stream ends. */
export type StreamEnd = 'ended' | 'slow' | 'drain' | 'gone' | 'failed'

/** `?snapshot=` by name, from the feature rooms */
export type Snapshots = Readonly<Record<string, (session: SessionHandle) => Promise<EventDraft[]>>>

/** A stream that was checked and can begin. */
export interface PreparedStream {
  session: string
  /** Writes to an outlet until the stream ends; answers why. */
  run(outlet: Outlet): Promise<StreamEnd>
}

export interface Streams {
  /** Checks query and cursor: problems `cursor-invalid`, `jid-malformed`. `lastEventId` beats `after`. */
  prepare(handle: SessionHandle, query: EventsQuery, lastEventId?: string): Promise<PreparedStream>
  opened(kind: 'websocket' | 'sse'): () => void
  /** ends all of them, and those still to come, for a stop of the process */
  drain(): Promise<void>
}

export interface StreamsContext {
  store: Pick<Store, 'log'>
  tails: Tails
  consumers: Pick<Consumers, 'begin' | 'hold'>
  snapshots: Snapshots
  clock: Clock
  metrics: Metrics
  slowReaderSeconds: number
}

export function createStreams({ store, tails, consumers, snapshots, clock, metrics, slowReaderSeconds }: StreamsContext): Streams {
  const stalls = createStallWatch({
    seconds: slowReaderSeconds,
    monotonic: clock.monotonic,
    onFull: () => metrics.count('bounds_reached_total', { bound: 'readers' }),
  })
  const running = new Map<AbortController, Promise<unknown>>()
  const open = { websocket: 0, sse: 0 }
  let drained = false

  /** Where a stream begins; undefined: at the oldest kept. Throws cursor-invalid while there still is an answer to refuse with. */
  async function startOf(session: string, asked: string | undefined, consumer: string | undefined): Promise<string | undefined> {
    const after = asked === undefined ? await store.log.end(session) : cursorOf(asked)
    if (asked !== undefined && after !== undefined && (await store.log.place(session, after)).kind === 'foreign')
      throw new Problem('cursor-invalid', 'The cursor is not one of this session.')
    if (consumer === undefined) return after
    const place = await consumers.begin(session, consumer, after)
    return asked === undefined ? place : after
  }

  return {
    async prepare(handle, query, lastEventId) {
      const { id, tenant } = handle.record
      const filter = createFilter(listsOf(query))
      const after = await startOf(id, lastEventId ?? query.after, query.consumer)
      const take = query.snapshot === undefined ? undefined : snapshots[query.snapshot]
      const snapshot = query.snapshot !== undefined && { name: query.snapshot, take: async () => (await take?.(handle)) ?? [] }

      return {
        session: id,
        async run(outlet) {
          if (drained) return 'drain'
          const controller = new AbortController()
          const { signal } = controller
          const tail = tails.open({ session: id, tenant })
          const release = query.consumer === undefined ? undefined : consumers.hold(id, query.consumer)
          signal.addEventListener('abort', tail.wake)
          const end = (why: StreamEnd) => controller.abort(why)
          const stall = stalls.watch(outlet.socket, () => end('slow'))
          const gone = () => end('gone')
          outlet.socket.once('close', gone)
          const write = (frame: Frame) => {
            outlet.write(frame)
            if (frame.event.type === 'events.gap')
              metrics.count('events_gap_total', { reason: (frame.event.data as { reason: string }).reason })
            stall.wrote()
          }
          const source = readEvents({
            session: id,
            tail,
            after,
            filter,
            ...(snapshot && { snapshot }),
            coalesce: query.coalesce,
            now: clock.now,
            signal,
          })
          const work = pump(source, { ...outlet, write }, signal)
          running.set(controller, work)
          try {
            await work
            return signal.aborted ? (signal.reason as StreamEnd) : 'ended'
          } finally {
            running.delete(controller)
            stall.stop()
            outlet.socket.off('close', gone)
            tail.release()
            release?.()
          }
        },
      }
    },

    opened(kind) {
      metrics.set('streams', ++open[kind], { kind })
      return () => metrics.set('streams', --open[kind], { kind })
    },

    async drain() {
      drained = true
      const works = [...running.values()]
      for (const controller of running.keys()) controller.abort('drain' satisfies StreamEnd)
      await Promise.allSettled(works)
    },
  }
}

/** Sockets whose end is not taken by the other side are destroyed after this many ms. */
export const LINGER = 30_000

/** Ends for good what does not close by itself. */
export function destroyLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER).unref()
  socket.once('close', () => clearTimeout(timer))
}
