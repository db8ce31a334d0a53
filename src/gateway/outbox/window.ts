import { setTimeout as delay } from 'node:timers/promises'
import { Problem, toProblem } from '../../errors/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import type { OutboxEntry } from '../ports/message.ts'
import type { Progress, Written } from './in-flight.ts'
import type { Line } from './line.ts'
import type { createPins } from './pins.ts'
import { connectionFor } from './routing.ts'
import { type Item, nextSuspects } from './suspects.ts'

/** Unacknowledged messages on one connection, at most; more wait in the store. */
const WINDOW = 256
/** … and their characters: a link that takes them slowly leaves the rest in the store. One that is larger goes by itself */
const WINDOW_SIZE = 1024 * 1024
/** ms that what is under suspicion waits for a connection on which nothing else is on its way, and so long at most while the server reads slowly */
const PATIENCE = 5_000
const PATIENCE_MOST = 120_000

export interface Sent extends Item {
  position: number
  /** monotonic ms; 0 where another process wrote it */
  at: number
}

export interface Sending {
  /** sends what may go now */
  now(): void
  /** … once for all that comes in this turn */
  soon(): void
  /** No message goes on the connection until what it answers is called; resolves when those that did are acknowledged, or a while passed. */
  still(connection: number): Promise<() => void>
  /** nothing is on its way on the connection any more */
  emptied(connection: number): void
  /** its stream is another one, or was resumed: others go before those under suspicion */
  begun(connection: number): void
  stop(): void
}

/** of one turn */
interface Way {
  connections: ReadonlyMap<number, Connection>
  written: Map<Promise<void>, Written[]>
}

/** Sends what waits, in order per recipient, on the connection that each recipient has; those under suspicion after the others, and by themselves. */
export function createSending({
  waiting,
  sent,
  doubtful,
  pins,
  unwriting,
  usable,
  primaryOnly,
  track,
  clock,
  progress,
  onWritten,
  onExpiry,
  isBusy,
}: {
  /** taken from */
  waiting: Line<Item>
  /** by connection */
  sent: ReadonlyMap<number, Line<Sent>>
  /** of unknown fate, by id: nothing goes to their recipients */
  doubtful: ReadonlyMap<string, Item>
  pins: Pick<ReturnType<typeof createPins>, 'of'>
  /** where nothing may be written */
  unwriting: ReadonlyMap<number, unknown>
  usable: () => ReadonlyMap<number, Connection>
  primaryOnly: (to: string) => boolean
  /** takes what was sent */
  track: (connection: number, item: Sent) => void
  clock: Clock
  progress: Progress
  onWritten: (kind: OutboxEntry['kind']) => void
  /** the time of one that waits is over */
  onExpiry: () => void
  isBusy: (connection: number) => boolean
}): Sending {
  /** connections on which nothing but messages under suspicion is on its way */
  const guarded = new Set<number>()
  /** … and where they wait for what was sent before them: since when (monotonic ms) */
  const yielding = new Map<number, number>()
  /** connections where no message goes now, and who waits for those that did */
  const stilled = new Map<number, () => void>()
  let sending: NodeJS.Immediate | undefined
  let expiry: NodeJS.Timeout | undefined
  let patience: NodeJS.Timeout | undefined
  let stopped = false

  /** Nothing more goes there until some of it is acknowledged. */
  function hasEnough(index: number): boolean {
    const line = sent.get(index)
    return line !== undefined && (line.length >= WINDOW || line.size >= WINDOW_SIZE)
  }

  const isClosed = (index: number) => unwriting.has(index) || guarded.has(index) || stilled.has(index)

  /** Once for all that comes in one turn: it leaves in one write, and is told in one. */
  function soon(): void {
    sending ??= setImmediate(() => {
      sending = undefined
      now()
    })
  }

  const patienceWith = (connection: Connection | undefined) => Math.min(PATIENCE + (connection?.transit() ?? 0), PATIENCE_MOST)

  async function still(connection: number): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    stilled.set(connection, resolve)
    const way = usable().get(connection)
    way?.isQuiet()
    if ((sent.get(connection)?.length ?? 0) > 0) await Promise.race([promise, delay(patienceWith(way), undefined, { ref: false })])
    return () => {
      if (stilled.get(connection) !== resolve) return
      stilled.delete(connection)
      soon()
    }
  }

  function now(): void {
    if (stopped || waiting.length === 0) return
    const connections = usable()
    const isFull = (index: number) => isClosed(index) || yielding.has(index) || hasEnough(index)
    let open = [...connections.keys()].filter((index) => !isFull(index))
    const doubted = new Set<string>()
    for (const { recipient } of doubtful.values()) doubted.add(recipient)
    const blocked = new Set(doubted)
    const kept: Item[] = []
    const expired: OutboxEntry[] = []
    /** by what says that it was written: one for all of a turn */
    const written = new Map<Promise<void>, Written[]>()
    for (const item of waiting.items) {
      const { entry, recipient } = item
      if (entry.expiresAt !== null && entry.expiresAt <= clock.now()) expired.push(entry)
      else if (open.length === 0) kept.push(item)
      else if (item.ended !== undefined || blocked.has(recipient) || !send(item, { connections, open, written })) {
        // nothing overtakes within a conversation
        blocked.add(recipient)
        kept.push(item)
      } else if (open.some(isFull)) open = open.filter((index) => !isFull(index))
    }
    waiting.replace(kept)
    if (kept.some((item) => item.ended !== undefined)) sendSuspects({ connections, doubted, written })
    if (expired.length > 0) void progress.settle(expired, 'expired')
    for (const [done, messages] of written) {
      done.then(
        () => progress.wrote(messages),
        () => {}, // their fate is told by what happens to the stream
      )
    }
    watchExpiry()
  }

  /** They go after the others, and nothing else goes with them, so that it shows over which of them a stream ends. */
  function sendSuspects({ connections, doubted, written }: Way & { doubted: ReadonlySet<string> }): void {
    const indexes = [...connections.keys()]
    for (const [index, connection] of connections) {
      if (isClosed(index)) continue
      const next = nextSuspects(waiting.items, (item) => placeOf(item, indexes) === index, doubted)
      if (next.length === 0) yielding.delete(index)
      else if (isAlone(index, connection)) {
        yielding.delete(index)
        const gone = new Set<Item>()
        for (const item of next) {
          // the rest would overtake it
          if (!send(item, { connections, open: [index], written }, item === next.at(-1))) break
          gone.add(item)
        }
        waiting.replace(waiting.items.filter((item) => !gone.has(item)))
        if ((sent.get(index)?.length ?? 0) > 0) guarded.add(index)
      }
    }
  }

  /** Is nothing else on its way there? From the first look on nothing is sent there until it is so. */
  function isAlone(index: number, connection: Connection): boolean {
    const time = clock.monotonic()
    const since = yielding.get(index) ?? time
    yielding.set(index, since)
    const quiet = connection.isQuiet() && !isBusy(index)
    if ((sent.get(index)?.length ?? 0) > 0) return false
    if (quiet || time - since >= patienceWith(connection)) return true
    clearTimeout(patience)
    patience = setTimeout(soon, PATIENCE)
    return false
  }

  const placeOf = ({ entry, recipient }: Item, open: readonly number[]) =>
    connectionFor(recipient, {
      usable: open,
      pinned: pins.of(recipient),
      primaryOnly: entry.type === 'groupchat' || primaryOnly(entry.to),
    })

  function send(item: Item, { connections, open, written }: Way & { open: readonly number[] }, ask = false): boolean {
    const { entry } = item
    const index = placeOf(item, open)
    const connection = index === undefined ? undefined : connections.get(index)
    if (index === undefined || !connection) return false
    try {
      const { position, written: done } = connection.send(entry.xml, ask)
      track(index, { ...item, position, at: clock.monotonic() })
      onWritten(entry.kind)
      const stream = connection.snapshot()?.id
      const message = { entry, ...(stream === undefined ? {} : { wire: { connection: index, stream, position } }) }
      const others = written.get(done)
      if (others) others.push(message)
      else written.set(done, [message])
      return true
    } catch (error) {
      // no stream now, or too much on its way: it waits
      if (error instanceof Problem && error.retryable) return false
      // a message that cannot be written must not hold up the others
      const { code, message: detail } = toProblem(error)
      void progress.settle([entry], 'failed', { error: { code, detail } })
      return true
    }
  }

  function emptied(connection: number): void {
    guarded.delete(connection)
    stilled.get(connection)?.()
  }

  function watchExpiry(): void {
    clearTimeout(expiry)
    let next = Number.POSITIVE_INFINITY
    for (const { entry } of waiting.items) next = Math.min(next, entry.expiresAt ?? next)
    if (Number.isFinite(next)) expiry = setTimeout(onExpiry, Math.min(Math.max(next - clock.now(), 0) + 1, 60_000))
  }

  return {
    now,
    soon,
    still,
    emptied,
    begun(connection) {
      emptied(connection)
      yielding.delete(connection)
    },
    stop() {
      stopped = true
      clearTimeout(expiry)
      clearTimeout(patience)
      clearImmediate(sending)
    },
  }
}
