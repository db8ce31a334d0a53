import type { Socket } from 'node:net'
import { cursorInvalid } from '../errors/refusals.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { EventDraft } from '../gateway/ports/event.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import type { Consumers } from './consumers.ts'
import { cursorOf } from './cursor.ts'
import { createDelivery, type Delivery, type StreamEnd } from './delivery.ts'
import { createFilter } from './filter.ts'
import type { Frame } from './frame.ts'
import { createStallWatch, type Outlet } from './outlet.ts'
import { type EventsQuery, listsOf } from './query.ts'
import { readEvents } from './reader.ts'
import type { Tails } from './tail.ts'

/** `?snapshot=` by name, from the feature rooms */
export type Snapshots = Readonly<Record<string, (session: SessionHandle) => Promise<EventDraft[]>>>

type StreamKind = 'websocket' | 'sse'

/** A stream that was checked and can begin. */
export interface PreparedStream {
  session: string
  tenant: string
  /** where it begins, as `after` says it */
  cursor: string
  /** Tells everything over a delivery until the stream ends, or `signal` ends it alone; answers why. */
  run(delivery: Delivery, signal?: AbortSignal): Promise<StreamEnd>
}

export interface Streams {
  /**
   * Checks query and cursor, and notes a consumer: problems `cursor-invalid`, `jid-malformed`, `limit-exceeded`.
   * `lastEventId` beats `after`.
   */
  prepare(handle: SessionHandle, query: EventsQuery, lastEventId?: string): Promise<PreparedStream>
  /** A socket over which streams are told. Whoever begins it closes it. */
  deliver(kind: StreamKind, stream: Pick<PreparedStream, 'tenant'>, outlet: Outlet): Delivery
  /** how many sockets of a tenant are told streams */
  open(tenant: string): Record<StreamKind, number>
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
  tracing: Tracing
  slowReaderSeconds: number
}

export function createStreams({ store, tails, consumers, snapshots, clock, metrics, tracing, slowReaderSeconds }: StreamsContext): Streams {
  const stalls = createStallWatch({
    seconds: slowReaderSeconds,
    monotonic: clock.monotonic,
    onFull: () => metrics.count('bounds_reached_total', { bound: 'readers' }),
  })
  const deliveries = new Map<Delivery, { kind: StreamKind; tenant: string }>()
  const running = new Set<Promise<unknown>>()
  const open = { websocket: 0, sse: 0 }
  let drained = false

  /** Where a stream begins; undefined: at the oldest kept. Throws cursor-invalid while there still is an answer to refuse with. */
  async function startOf(session: string, asked: string | undefined, consumer: string | undefined): Promise<string | undefined> {
    const after = asked === undefined ? await store.log.end(session) : cursorOf(asked)
    if (asked !== undefined && after !== undefined && (await store.log.place(session, after)).kind === 'foreign') throw cursorInvalid()
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
        tenant,
        cursor: after ?? '0',
        async run(delivery, signal = delivery.signal) {
          if (drained) return 'drain'
          const tail = tails.open({ session: id, tenant })
          const leave = delivery.enter()
          const release = query.consumer === undefined ? undefined : consumers.hold(id, query.consumer)
          signal.addEventListener('abort', tail.wake)
          const source = readEvents({
            session: id,
            tail,
            after,
            filter,
            ...(snapshot && { snapshot }),
            coalesce: query.coalesce,
            now: clock.now,
            place: () => delivery.place(signal),
            signal,
          })
          const work = tell(source, delivery, signal)
          running.add(work)
          try {
            await work
            return signal.aborted ? (signal.reason as StreamEnd) : 'ended'
          } finally {
            running.delete(work)
            signal.removeEventListener('abort', tail.wake)
            tail.release()
            release?.()
            leave()
          }
        },
      }
    },

    deliver(kind, { tenant }, outlet) {
      const delivery = createDelivery(outlet, { stalls, metrics, tracing })
      deliveries.set(delivery, { kind, tenant })
      metrics.set('streams', ++open[kind], { kind })
      const close = () => {
        if (!deliveries.delete(delivery)) return
        metrics.set('streams', --open[kind], { kind })
        delivery.close()
      }
      return { ...delivery, close }
    },

    open(tenant) {
      const own = [...deliveries.values()].filter((one) => one.tenant === tenant)
      const websocket = own.filter(({ kind }) => kind === 'websocket').length
      return { websocket, sse: own.length - websocket }
    },

    async drain() {
      drained = true
      const works = [...running]
      for (const delivery of deliveries.keys()) delivery.end('drain')
      await Promise.allSettled(works)
    },
  }
}

async function tell(source: AsyncIterable<Frame[]>, delivery: Delivery, signal: AbortSignal): Promise<void> {
  for await (const frames of source) {
    await delivery.write(frames, signal)
    if (signal.aborted) return
  }
}

/** Sockets whose end is not taken by the other side are destroyed after this many ms. */
const LINGER = 30_000

/** Ends for good what does not close by itself. */
export function destroyLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER).unref()
  socket.once('close', () => clearTimeout(timer))
}
