import { Problem } from '../errors/problem.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import { CONSUMERS_MAX } from '../gateway/ports/consumer.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'

/** ms between two writes of what one consumer acks */
const ACK_INTERVAL = 200
/** ms after which an ack that could not be written is tried again */
const RETRY = 1_000
/** ms between two notes that a consumer whose stream is open is used, at most */
const USED_INTERVAL = 60_000

export interface ConsumerView {
  name: string
  cursor: string
  lag: { events: number; seconds: number }
  lastUsedAt: string
}

/** Named consumers: readers whose place is kept here, and is what they acked. */
export interface Consumers {
  /** Its place. One that is new begins at `from`, undefined: the oldest kept. Rejects with limit-exceeded. */
  begin(session: string, name: string, from: string | undefined): Promise<string>
  /** It is used until that is called. */
  hold(session: string, name: string): () => void
  /** Moves its place forward; a cursor behind it moves nothing. Rejects with cursor-invalid, limit-exceeded. */
  ack(session: string, name: string, cursor: string): Promise<void>
  list(session: string): Promise<ConsumerView[]>
  /** writes what is acked and not written yet */
  stop(): Promise<void>
}

/** What a consumer acked since its last write, and when that may be written. */
interface Acking {
  pending?: string | undefined
  timer: NodeJS.Timeout
}

export function createConsumers({
  store: { consumers, log },
  clock,
  metrics,
  age,
}: {
  store: Pick<Store, 'consumers' | 'log'>
  clock: Clock
  metrics: Metrics
  /** ms that a consumer is kept after its last use */
  age: number
}): Consumers {
  const acking = new Map<string, Acking>()
  /** session and name of those with an open stream, once for each */
  const held = new Set<readonly [session: string, name: string]>()
  let using: NodeJS.Timeout | undefined

  function placed(place: string | undefined): string {
    if (place !== undefined) return place
    metrics.count('bounds_reached_total', { bound: 'consumers' })
    throw new Problem('limit-exceeded', `The session has ${CONSUMERS_MAX} consumers.`)
  }

  /** Writes what was acked meanwhile, until nothing was. */
  function later(key: string, session: string, name: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const entry = acking.get(key)
      if (entry?.pending === undefined) return acking.delete(key)
      const { pending } = entry
      entry.pending = undefined
      entry.timer = later(key, session, name, ACK_INTERVAL)
      consumers.ack(session, name, pending).catch((thrown) => again(key, session, name, pending, thrown))
    }, ms).unref()
  }

  function again(key: string, session: string, name: string, cursor: string, thrown: unknown): void {
    if (!(thrown instanceof Problem) || thrown.code !== 'store-unavailable') return
    const entry = acking.get(key)
    clearTimeout(entry?.timer)
    const pending = consumers.further(session, cursor, entry?.pending)
    acking.set(key, { pending, timer: later(key, session, name, RETRY) })
  }

  async function settle(key: string, session: string, name: string): Promise<void> {
    const entry = acking.get(key)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    acking.delete(key)
    if (entry.pending !== undefined) await consumers.ack(session, name, entry.pending)
  }

  async function settleAll(isMeant: (session: string) => boolean): Promise<void> {
    const meant = [...acking.keys()].map((key) => [key, ...partsOf(key)] as const).filter(([, session]) => isMeant(session))
    await Promise.allSettled(meant.map((one) => settle(...one)))
  }

  function useHeld(): void {
    for (const [session, name] of held) consumers.use(session, name, undefined).catch(() => {})
  }

  async function secondsBehind(session: string, cursor: string): Promise<number | undefined> {
    const [next] = (await log.read(session, cursor, 1)).events
    return next && Math.max(0, Math.round(clock.now() - next.time) / 1000)
  }

  return {
    async begin(session, name, from) {
      await settle(keyOf(session, name), session, name)
      return placed(await consumers.use(session, name, from))
    },

    hold(session, name) {
      const one = [session, name] as const
      held.add(one)
      using ??= setInterval(useHeld, Math.min(age / 4, USED_INTERVAL)).unref()
      return () => {
        held.delete(one)
        if (held.size > 0) return
        clearInterval(using)
        using = undefined
      }
    },

    async ack(session, name, cursor) {
      const key = keyOf(session, name)
      const entry = acking.get(key)
      if (entry === undefined) {
        consumers.further(session, cursor, undefined)
        acking.set(key, { timer: later(key, session, name, ACK_INTERVAL) })
        placed(await consumers.ack(session, name, cursor))
      } else entry.pending = consumers.further(session, cursor, entry.pending)
    },

    async list(session) {
      await settleAll((one) => one === session)
      const listed = await consumers.list(session)
      return Promise.all(
        listed.map(async ({ name, cursor, usedAt, behind }) => {
          const seconds = behind === 0 ? undefined : await secondsBehind(session, cursor)
          // what came after and is no longer kept, presence, waits for nobody
          const lag = seconds === undefined ? { events: 0, seconds: 0 } : { events: behind, seconds }
          return { name, cursor, lag, lastUsedAt: new Date(usedAt).toISOString() }
        }),
      )
    },

    async stop() {
      clearInterval(using)
      held.clear()
      await settleAll(() => true)
    },
  }
}

const keyOf = (session: string, name: string) => `${session} ${name}`
const partsOf = (key: string) => key.split(' ') as [session: string, name: string]
