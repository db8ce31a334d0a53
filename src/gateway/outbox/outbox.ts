import type { Problem } from '../../errors/problem.ts'
import type { Acceptance, AcceptResult, Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import type { MessageRecord, OutboxEntry } from '../ports/message.ts'
import type { Store } from '../ports/store.ts'
import { createDoubts } from './doubts.ts'
import { failAll } from './ending.ts'
import { createInFlight } from './in-flight.ts'
import { createInheritedStreams } from './inherited-streams.ts'
import { MessageQueue, type Queued, recipientOf } from './message-queue.ts'
import { createProgress } from './progress.ts'
import { createReadAhead } from './read-ahead.ts'
import { accepted, type Records } from './recent-records.ts'
import { createRepeats } from './repeats.ts'
import { createRoutes } from './routing.ts'
import { createSending } from './sending.ts'
import { createWindow } from './window.ts'

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
  pause(connection: number): Promise<() => void>
  /** where messages that are not acknowledged stand on a connection */
  positions(connection: number): ReadonlySet<number>
  /** a stream ended without being resumed; h: what the server still counted of it; refused: it ended over something that we wrote */
  lost(connection: number, h: number | null, refused?: string): void
  /** messages of which nobody knows whether the server got them */
  doubts(): readonly OutboxEntry[]
  /** it is known that the server got a message, which may have been in doubt */
  confirm(id: string, stanzaId?: string): void
  /** which of these are still in doubt go again with the same id, or fail */
  settleDoubts(ids: ReadonlySet<string>, goesAgain: (entry: OutboxEntry) => boolean | undefined): void
  /** resolves when what the store had at the start is known */
  loaded(): Promise<void>
  /** how many are written on a connection and not acknowledged */
  unacked(connection: number): number
  /** what is not settled, of what is in memory (more may wait in the store): how many, how many of them written, since when (epoch ms) */
  load(): Load
  /** Settles when more is known of what another process wrote on a connection and what of it counts; until undefined, nothing may be written there. */
  forgetting(connection: number): Promise<unknown> | undefined
  /** before the first message goes */
  follow(listener: OutboxListener): void
  /** fails all that is left: the session ends */
  end(): Promise<void>
  stop(): void
}

export interface Load {
  entries: number
  unacked: number
  oldest: number | undefined
}

/** Who follows the outbox, and is made after it. */
export interface OutboxListener {
  /** there are messages of which nobody knows whether the server got them */
  onDoubts(): void
  /** the server was asked something that each stream begins with, and did not answer yet */
  isBusy(connection: number): boolean
}

export interface OutboxOptions extends Pick<Parameters<typeof createProgress>[0], 'spans'> {
  id: string
  store: Store
  records: Records
  write: (change: Change) => Promise<unknown>
  /** … with what is written next, or some ms later */
  writeSoon: (change: Change) => Promise<unknown>
  clock: Clock
  /** connections that take messages now, by index */
  usable: () => ReadonlyMap<number, Connection>
  /** may a message go now? with a problem that is retryable it waits, with another it fails */
  mayGo: (entry: OutboxEntry) => Problem | undefined
  /** JIDs that only the primary may write to */
  primaryOnly: (to: string) => boolean
  /** ids of the streams that another process left and that are being resumed, by connection */
  resumable: ReadonlyMap<number, string>
  onWritten: (kind: OutboxEntry['kind']) => void
  /** ms from the writing of the oldest message that an acknowledgement covers */
  onLatency: (ms: number) => void
  /** a message over which streams ended is not sent again */
  onGivenUp: (message: string) => void
  onError: (error: unknown) => void
}

/**
 * Moves accepted messages from the store to the wire, in order per recipient, and follows each until the server
 * has counted it. The store stays the truth: what is not settled there is sent again by the next owner.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { id, store, records, clock, usable, resumable, onError } = options
  const waiting = new MessageQueue<Queued>()
  const routes = createRoutes(options)
  const inFlight = createInFlight({ routes })
  const progress = createProgress(options)
  const doubts = createDoubts({ progress, records })
  const inherited = createInheritedStreams(resumable)
  const repeats = createRepeats({ progress, routes, onGivenUp: options.onGivenUp, onRepeat: sendAgain })
  const window = createWindow({
    ...options,
    isBusy: (connection) => listener.isBusy(connection),
    inFlight,
    repeats,
    onChange: () => sending.soon(),
  })
  const sending = createSending({ ...options, waiting, inFlight, doubts, routes, window, progress, onExpiry: wake })
  const readAhead = createReadAhead({ id, store, records, waiting, take, onRead: tellDoubts, sending, onError })
  let orders = 0
  let listener: OutboxListener = { onDoubts() {}, isBusy: () => false }

  function wake(): void {
    readAhead.wake()
  }

  function tellDoubts(): void {
    if (!doubts.isEmpty()) listener.onDoubts()
  }

  function sendAgain(messages: readonly Queued[]): void {
    waiting.putBack(messages)
    wake()
  }

  function queued(entry: OutboxEntry, place: string | undefined): Queued {
    const ended = records.cached(entry.id)?.ended
    return { entry, recipient: recipientOf(entry), order: orders++, place, ...(ended && { ended }) }
  }

  function take(entries: readonly (OutboxEntry & { place: string })[], kept: readonly (MessageRecord | undefined)[]): void {
    const lost: Queued[] = []
    entries.forEach(({ place, ...entry }, index) => {
      if (!records.cached(entry.id)) records.put(kept[index] ?? accepted(entry))
      if (kept[index]?.untold) progress.untold(entry)
      enter(queued(entry, place), lost)
    })
    if (lost.length === 0) return
    const again = repeats.judge(lost, { alone: false })
    progress.lost(again)
    doubts.add(again)
  }

  /**
   * What another process wrote waits for what becomes of its stream, or goes by what became of it; the rest waits to be sent.
   * `lost`: takes those whose stream is gone, and not counted yet.
   */
  function enter(message: Queued, lost: Queued[]): void {
    const wire = records.cached(message.entry.id)?.wire
    const fate = wire && inherited.fateOf(wire)
    if (wire === undefined) waiting.push(message)
    else if (fate === 'pending') inFlight.adopt(wire.connection, { ...message, position: wire.position, at: 0 })
    else if (fate === 'counted') void progress.settle([message.entry], 'acked')
    else if (fate === 'missed') {
      routes.hold(message.recipient, wire.connection)
      repeats.repeat(wire.connection, [message], { alone: false }).catch(onError)
    } else if (wire.over) doubts.add([message])
    else lost.push(message)
  }

  function acked(connection: number, position: number): void {
    const done = inFlight.takeCounted(connection, position)
    const [oldest] = done
    if (oldest !== undefined && oldest.at > 0) options.onLatency(clock.monotonic() - oldest.at)
    if (inFlight.count(connection) === 0) window.emptied(connection)
    const byPing = usable().get(connection)?.managed === false
    const entries = done.map(({ entry }) => entry)
    if (done.length > 0) void progress.settle(entries, 'acked', byPing ? { ackBy: 'ping' } : {})
    if (readAhead.hasMore()) wake()
    else if (waiting.length > 0) sending.soon()
  }

  const unsettled = (): Queued[] => [...waiting.items, ...doubts.all(), ...inFlight.all()]

  function stop(): void {
    progress.stop()
    readAhead.stop()
    sending.stop()
    window.stop()
  }

  return {
    wake,
    accepted(fresh, places) {
      for (const { record } of fresh) records.put(record)
      if (!readAhead.follows(places)) return
      const first = Number(places?.last) - fresh.length + 1
      for (const [index, { entry }] of fresh.entries()) waiting.push(queued(entry, String(first + index)))
      sending.soon()
    },
    acked,

    resumed(connection, h) {
      acked(connection, h)
      window.begin(connection)
      inherited.resumed(connection, h)
      const missed = inFlight.takeAll(connection)
      repeats.repeat(connection, missed, { alone: inFlight.isNext(connection, missed) }).catch(onError)
    },

    lost(connection, h, refused) {
      if (h !== null) acked(connection, h)
      inherited.lost(connection)
      const unknown = inFlight.takeAll(connection)
      const again = repeats.judge(unknown, { alone: inFlight.isNext(connection, unknown), refused })
      window.begin(connection)
      inFlight.begin(connection)
      for (const { recipient } of unknown) routes.release(recipient)
      if (again.length > 0) progress.lost(again)
      doubts.add(again)
      tellDoubts()
    },

    pause: (connection) => window.pause(connection),
    positions: (connection) => inFlight.positions(connection),
    doubts: () => doubts.all().map(({ entry }) => entry),
    confirm: (id, stanzaId) => doubts.confirm(id, stanzaId),
    settleDoubts: (ids, goesAgain) => sendAgain(doubts.settle(ids, goesAgain)),
    loaded: () => readAhead.done(),
    unacked: (connection) => inFlight.count(connection),
    load() {
      const all = unsettled()
      let oldest = Number.POSITIVE_INFINITY
      for (const { entry } of all) oldest = Math.min(oldest, entry.acceptedAt)
      return { entries: all.length, unacked: inFlight.total(), oldest: all.length === 0 ? undefined : oldest }
    },
    forgetting: (connection) => (resumable.has(connection) ? readAhead.first() : undefined) ?? repeats.forgetting.get(connection),

    async end() {
      stop()
      await failAll({ unsettled, readAhead, progress })
    },

    follow(next) {
      listener = next
    },
    stop,
  }
}
