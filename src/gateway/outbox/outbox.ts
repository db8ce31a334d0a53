import { foldedBare } from '../../folded-jid.ts'
import type { Acceptance, AcceptResult, Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import type { OutboxEntry } from '../ports/message.ts'
import type { Store } from '../ports/store.ts'
import { ended, isGivenUp, STRIKES } from '../session/strikes.ts'
import { createProgress } from './in-flight.ts'
import { Line } from './line.ts'
import { createPins } from './pins.ts'
import { following, isAfter } from './position.ts'
import { accepted, type Records } from './recent-records.ts'
import type { Item } from './suspects.ts'
import { createSending, type Sent } from './window.ts'

/** Entries held in memory before they are sent, and their characters; what is read at one time may be more */
const AHEAD = 256
const AHEAD_SIZE = 2 * 1024 * 1024
const READ = 16
/** ms until the store is asked again after it gave no answer */
const RETRY = 500
export interface Outbox {
  /** something was accepted, or a connection came or went */
  wake(): void
  /** these were accepted on this instance: as a rule nothing needs to be read */
  accepted(entries: Acceptance['entries'], places: (AcceptResult & { kind: 'accepted' })['places']): void
  /** the server counted all up to this position of that connection */
  acked(connection: number, position: number): void
  /** The stream was resumed at this position: what was written after it did not arrive, and goes again. */
  resumed(connection: number, h: number): void
  /**
   * No message goes on the connection from now on, until what it answers is called. Resolves when all that did are acknowledged,
   * the stream ended, or a while passed.
   */
  still(connection: number): Promise<() => void>
  /** where messages that are not acknowledged stand on a connection */
  positions(connection: number): ReadonlySet<number>
  /** a stream ended without being resumed; h: what the server still counted of it; refused: it ended over something that we wrote */
  lost(connection: number, h: number | null, refused?: string): void
  /** messages of which nobody knows whether the server got them: since when (epoch ms) and which; undefined without any */
  doubts(): { since: number; ids: ReadonlySet<string> } | undefined
  /** a message in doubt was found in the archive */
  confirm(id: string, stanzaId: string): void
  /** which of these are still in doubt go again with the same id, or fail where a repeat would show */
  settleDoubts(ids: ReadonlySet<string>): void
  /** resolves when what the store had at the start is known */
  loaded(): Promise<void>
  /** how many are written on a connection and not acknowledged */
  unacked(connection: number): number
  /** what is not settled, of what is in memory (more may wait in the store): how many, how many of them written, since when (epoch ms) */
  load(): Load
  /** Settles when more is known of what another process wrote on a connection and what of it counts; until undefined, nothing may be written there. */
  unwriting(connection: number): Promise<unknown> | undefined
  /** fails all that is left: the session ends */
  end(): Promise<void>
  stop(): void
}

export interface Load {
  entries: number
  unacked: number
  oldest: number | undefined
}

/**
 * Moves accepted messages from the store to the wire, in order per recipient, and follows each until the server
 * has counted it. The store stays the truth: what is not settled there is sent again by the next owner.
 */
export function createOutbox({
  id,
  store,
  records,
  write,
  clock,
  usable,
  primaryOnly,
  resumable,
  onWritten,
  onLatency,
  onDoubts,
  onGivenUp,
  isBusy,
  onError,
}: {
  id: string
  store: Store
  records: Records
  write: (change: Change) => Promise<unknown>
  clock: Clock
  /** connections that take messages now, by index */
  usable: () => ReadonlyMap<number, Connection>
  /** JIDs that only the primary may write to */
  primaryOnly: (to: string) => boolean
  /** ids of the streams that another process left and that are being resumed, by connection */
  resumable: ReadonlyMap<number, string>
  onWritten: (kind: OutboxEntry['kind']) => void
  /** ms from the writing of the oldest message that an acknowledgement covers */
  onLatency: (ms: number) => void
  /** there are messages of which nobody knows whether the server got them */
  onDoubts: () => void
  /** a message over which streams ended is not sent again */
  onGivenUp: (message: string) => void
  /** the server was asked something that each stream begins with, and did not answer yet */
  isBusy: (connection: number) => boolean
  onError: (error: unknown) => void
}): Outbox {
  const waiting = new Line<Item>()
  const sent = new Map<number, Line<Sent>>()
  /** by id */
  const doubtful = new Map<string, Item>()
  /** what the server counted last of the present stream of each connection */
  const counted = new Map<number, number>()
  /** streams of another process that are not resumed yet; after the resume its unacknowledged messages are ours to repeat */
  const left = new Map(resumable)
  /** those that were, and what the server had counted then */
  const resumedAt = new Map<number, { stream: string; h: number }>()
  /** where what another process wrote is being forgotten */
  const unwriting = new Map<number, Promise<unknown>>()
  const pins = createPins()
  const progress = createProgress({ records, write, clock, onError })
  const sending = createSending({
    ...{ waiting, sent, doubtful, pins, unwriting, usable, primaryOnly, track, clock, progress, onWritten, isBusy },
    onExpiry: wake,
  })
  /** place of the last entry that is here or was */
  let lastRead: string | undefined
  /** place of the last one that was heard of */
  let newest: string | undefined
  let orders = 0
  let pumping: Promise<void> | undefined
  /** there may be more in the store than is here */
  let unread = false
  let stopped = false
  let retry: NodeJS.Timeout | undefined
  /** until what is in the store at the start is known */
  let loading: PromiseWithResolvers<void> | undefined = Promise.withResolvers()

  const hasRoom = () => waiting.length < AHEAD && waiting.size < AHEAD_SIZE

  function wake(): void {
    unread = true
    if (stopped) return
    clearTimeout(retry)
    pumping ??= pump()
      .catch((error) => {
        onError(error)
        if (!stopped) retry = setTimeout(wake, RETRY)
      })
      .finally(() => {
        pumping = undefined
        if (unread && hasRoom() && !stopped) wake()
      })
  }

  async function pump(): Promise<void> {
    do {
      unread = false
      const all = await fill()
      if (!all) unread = true
      else if (newest === lastRead) unread = false
      if (!stopped) sending.now()
    } while (unread && hasRoom() && !stopped)
  }

  /** true where nothing is left in the store that is not here */
  async function fill(): Promise<boolean> {
    let all = false
    while (!all && hasRoom()) {
      const entries = await store.outbox.read(id, lastRead, READ)
      const kept = await Promise.all(entries.map((entry) => records.get(entry.id)))
      const over: Item[] = []
      entries.forEach(({ place, ...entry }, index) => {
        lastRead = place
        if (!records.held(entry.id)) records.hold(kept[index] ?? accepted(entry))
        enter(itemOf(entry), over)
      })
      if (over.length > 0) {
        const again = judge(over)
        progress.lost(again)
        doubt(again)
      }
      all = entries.length < READ
    }
    loading?.resolve()
    loading = undefined
    if (doubtful.size > 0) onDoubts()
    return all
  }

  function itemOf(entry: OutboxEntry): Item {
    const before = records.held(entry.id)?.ended
    return { entry, recipient: foldedBare(entry.to), order: orders++, ...(before && { ended: before }) }
  }

  /**
   * What another process wrote waits for what becomes of its stream, or goes by what became of it; the rest waits to be sent.
   * `over`: takes those whose stream is gone, and not counted yet.
   */
  function enter(item: Item, over: Item[]): void {
    const wire = records.held(item.entry.id)?.wire
    const resumed = wire && resumedAt.get(wire.connection)
    if (wire === undefined) waiting.push(item)
    else if (left.get(wire.connection) === wire.stream) inherit(wire.connection, { ...item, position: wire.position, at: 0 })
    else if (resumed?.stream !== wire.stream) {
      if (wire.over) doubt([item])
      else over.push(item)
    } else if (isAfter(wire.position, resumed.h)) {
      pins.add(item.recipient, wire.connection)
      repeat(wire.connection, [item]).catch(onError)
    } else void progress.settle([item.entry], 'acked')
  }

  const unsettled = (): Item[] => [waiting.items, [...doubtful.values()], ...[...sent.values()].map(({ items }) => items)].flat()

  function doubt(items: readonly Item[]): void {
    for (const item of items) doubtful.set(item.entry.id, item)
  }

  function lineOf(connection: number): Line<Sent> {
    const line = sent.get(connection) ?? new Line<Sent>()
    sent.set(connection, line)
    return line
  }

  function track(connection: number, item: Sent): void {
    lineOf(connection).push(item)
    pins.add(item.recipient, connection)
  }

  /** What was written later may have been accepted earlier. */
  function inherit(connection: number, item: Sent): void {
    lineOf(connection).insert(item, (other) => isAfter(other.position, item.position))
    pins.add(item.recipient, connection)
  }

  function acked(connection: number, position: number): void {
    counted.set(connection, position)
    const line = sent.get(connection)
    const first = line?.items.findIndex((item) => isAfter(item.position, position)) ?? -1
    const done = line?.take(first === -1 ? line.length : first) ?? []
    if (done[0] !== undefined && done[0].at > 0) onLatency(clock.monotonic() - done[0].at)
    for (const { recipient } of done) pins.remove(recipient)
    if (!line || line.length === 0) sending.emptied(connection)
    const byPing = usable().get(connection)?.managed === false
    if (done.length > 0)
      void progress.settle(
        done.map(({ entry }) => entry),
        'acked',
        byPing ? { ackBy: 'ping' } : {},
      )
    if (unread) wake()
    else if (waiting.length > 0) sending.soon()
  }

  function resumed(connection: number, h: number): void {
    acked(connection, h)
    sending.begun(connection)
    const stream = left.get(connection)
    left.delete(connection)
    if (stream !== undefined) resumedAt.set(connection, { stream, h })
    repeat(connection, sent.get(connection)?.take(Number.POSITIVE_INFINITY) ?? []).catch(onError)
  }

  /**
   * What the server did not get before a resume goes again at new positions. The old ones are forgotten first, and nothing
   * else takes their places before: after one more crash they would pass for acknowledged.
   */
  async function repeat(connection: number, items: readonly (Item | Sent)[]): Promise<void> {
    if (items.length === 0) return
    const settled: Promise<void>[] = []
    const again = judge(items, { alone: isFirst(connection, items), settled })
    const done = Promise.all([...settled, progress.unwrite(again)])
    unwriting.set(connection, done)
    try {
      await done
    } finally {
      if (unwriting.get(connection) === done) unwriting.delete(connection)
      for (const { recipient } of items) pins.remove(recipient)
    }
    requeue(again)
    wake()
  }

  /** one message alone, and everything before it was counted: the server came as far as that */
  function isFirst(connection: number, items: readonly (Item | Sent)[]): boolean {
    const [only] = items
    if (items.length !== 1 || only === undefined || !('position' in only) || only.at === 0) return false
    return only.position === following(counted.get(connection) ?? 0)
  }

  /** A stream ended with these on their way. Answers those that go again; one over which it goes on like that fails, so that the others can go on. */
  function judge(
    items: readonly (Item | Sent)[],
    { alone = false, refused, settled = [] }: { alone?: boolean; refused?: string | undefined; settled?: Promise<void>[] } = {},
  ): Item[] {
    const again: Item[] = []
    for (const { entry, recipient, order, ended: before } of items) {
      const count = ended(before, { alone, refused: refused !== undefined })
      if (!isGivenUp(count)) again.push({ entry, recipient, order, ended: count })
      else {
        onGivenUp(entry.id)
        const error =
          count.refused >= STRIKES
            ? { code: 'refused', detail: `The server ended the stream over it, ${count.refused} times: ${refused}.` }
            : { code: 'outcome-unknown', detail: `The connection was lost ${count.streams} times before the server confirmed it.` }
        settled.push(progress.settle([entry], 'failed', { error }))
      }
    }
    return again
  }

  /** Back into the queue, each in its place. */
  function requeue(items: readonly Item[]): void {
    waiting.replace([...waiting.items, ...items].sort((a, b) => a.order - b.order))
  }

  function stop(): void {
    stopped = true
    clearTimeout(retry)
    sending.stop()
  }

  return {
    wake,
    accepted(fresh, places) {
      for (const { record } of fresh) records.hold(record)
      if (stopped) return
      newest = places?.last
      if (!hasRoom()) {
        // they are read when some of these have gone
        unread = true
        return
      }
      // what follows on the last that is here, and on nothing that is being read, needs no reading
      if (pumping || places === undefined || places.before !== lastRead) return wake()
      lastRead = places.last
      for (const { entry } of fresh) waiting.push(itemOf(entry))
      sending.soon()
    },
    acked,
    resumed,
    still: sending.still,
    positions: (connection) => new Set(sent.get(connection)?.items.map(({ position }) => position)),

    lost(connection, h, refused) {
      if (h !== null) acked(connection, h)
      left.delete(connection)
      resumedAt.delete(connection)
      const unknown = sent.get(connection)?.items ?? []
      const again = judge(unknown, { alone: isFirst(connection, unknown), refused })
      sent.delete(connection)
      sending.begun(connection)
      counted.delete(connection)
      for (const { recipient } of unknown) pins.remove(recipient)
      if (again.length > 0) progress.lost(again)
      doubt(again)
      if (doubtful.size > 0) onDoubts()
    },

    doubts() {
      if (doubtful.size === 0) return undefined
      let since = Number.POSITIVE_INFINITY
      for (const { entry } of doubtful.values()) since = Math.min(since, entry.acceptedAt)
      return { since, ids: new Set(doubtful.keys()) }
    },

    confirm(message, stanzaId) {
      const found = doubtful.get(message)
      doubtful.delete(message)
      if (found) void progress.settle([found.entry], 'acked', { stanzaId })
    },

    settleDoubts(ids) {
      const unknown = [...doubtful.values()].filter(({ entry }) => ids.has(entry.id))
      for (const { entry } of unknown) doubtful.delete(entry.id)
      // a room would show a repeated message twice; elsewhere the same id makes a repeat harmless
      const repeatable = ({ entry }: Item) => entry.type !== 'groupchat'
      const lost = unknown.filter((item) => !repeatable(item)).map(({ entry }) => entry)
      if (lost.length > 0)
        void progress.settle(lost, 'failed', {
          error: { code: 'outcome-unknown', detail: 'The connection was lost before the server confirmed it.' },
        })
      requeue(unknown.filter(repeatable))
      wake()
    },

    loaded: async () => {
      await pumping
    },

    unacked: (connection) => sent.get(connection)?.length ?? 0,
    load() {
      const all = unsettled()
      let unacked = 0
      for (const line of sent.values()) unacked += line.length
      let oldest = Number.POSITIVE_INFINITY
      for (const { entry } of all) oldest = Math.min(oldest, entry.acceptedAt)
      return { entries: all.length, unacked, oldest: all.length === 0 ? undefined : oldest }
    },
    unwriting: (connection) => (resumable.has(connection) ? loading?.promise : undefined) ?? unwriting.get(connection),

    async end() {
      stop()
      await pumping
      const error = { code: 'session-ended', detail: 'The session was ended before the server confirmed it.' }
      const rest: OutboxEntry[] = unsettled().map(({ entry }) => entry)
      let more: Awaited<ReturnType<typeof store.outbox.read>>
      do {
        more = await store.outbox.read(id, lastRead, READ)
        lastRead = more.at(-1)?.place ?? lastRead
        rest.push(...more)
        if (rest.length >= AHEAD || (more.length === 0 && rest.length > 0)) void progress.settle(rest.splice(0), 'failed', { error })
      } while (more.length > 0)
    },

    stop,
  }
}
