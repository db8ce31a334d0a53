import { Problem, toProblem } from '../errors.ts'
import { bare } from '../stanza/jid.ts'
import { createPins } from './pins.ts'
import { connectionFor } from './pool.ts'
import type { Acceptance, AcceptResult, Change, Clock, Connection, OutboxEntry, Store } from './ports.ts'
import { createProgress, type Written } from './progress.ts'
import { accepted, type Records } from './records.ts'

/** Unacknowledged messages on one connection, at most; more wait in the store. */
const WINDOW = 256
/** Entries held in memory before they are sent */
const AHEAD = 256
/** ms until the store is asked again after it gave no answer */
const RETRY = 500

export interface Outbox {
  /** something was accepted, or a connection came or went */
  wake(): void
  /** these were accepted on this instance: as a rule nothing needs to be read */
  accepted(entries: Acceptance['entries'], places: (AcceptResult & { kind: 'accepted' })['places']): void
  /** the server counted all up to this position of that connection */
  acked(connection: number, position: number): void
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

interface Item {
  entry: OutboxEntry
  /** bare JID */
  recipient: string
  order: number
}

interface Sent extends Item {
  position: number
  /** monotonic ms; 0 where another process wrote it */
  at: number
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
  onError: (error: unknown) => void
}): Outbox {
  const waiting: Item[] = []
  const sent = new Map<number, Sent[]>()
  const doubtful: Item[] = []
  /** ids of messages of which one ended a stream */
  const suspects = new Set<string>()
  /** streams of another process that are not resumed yet; after the resume its unacknowledged messages are ours to repeat */
  const left = new Map(resumable)
  /** those that were, and what the server had counted then */
  const resumedAt = new Map<number, { stream: string; h: number }>()
  /** where what another process wrote is being forgotten */
  const unwriting = new Map<number, Promise<unknown>>()
  const pins = createPins()
  const progress = createProgress({ records, write, clock, onError })
  /** place of the last entry that is here or was */
  let lastRead: string | undefined
  /** place of the last one that was heard of */
  let newest: string | undefined
  let orders = 0
  let pumping: Promise<void> | undefined
  /** there may be more in the store than is here */
  let unread = false
  let sending: NodeJS.Immediate | undefined
  let stopped = false
  let expiry: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  /** until what is in the store at the start is known */
  let loading: PromiseWithResolvers<void> | undefined = Promise.withResolvers()

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
        if (unread && waiting.length < AHEAD && !stopped) wake()
      })
  }

  async function pump(): Promise<void> {
    do {
      unread = false
      const all = await fill()
      if (!all) unread = true
      else if (newest === lastRead) unread = false
      if (!stopped) sendWaiting()
    } while (unread && waiting.length < AHEAD && !stopped)
  }

  /** true where nothing is left in the store that is not here */
  async function fill(): Promise<boolean> {
    let all = false
    while (!all && waiting.length < AHEAD) {
      const entries = await store.outbox.read(id, lastRead, AHEAD)
      const kept = await Promise.all(entries.map((entry) => records.get(entry.id)))
      entries.forEach(({ place, ...entry }, index) => {
        lastRead = place
        if (!records.held(entry.id)) records.hold(kept[index] ?? accepted(entry))
        enter(itemOf(entry))
      })
      all = entries.length < AHEAD
    }
    loading?.resolve()
    loading = undefined
    if (doubtful.length > 0) onDoubts()
    return all
  }

  const itemOf = (entry: OutboxEntry): Item => ({ entry, recipient: bare(entry.to), order: orders++ })

  /** Once for all that comes in one turn: it leaves in one write, and is told in one. */
  function sendSoon(): void {
    sending ??= setImmediate(() => {
      sending = undefined
      if (!stopped) sendWaiting()
    })
  }

  /** What another process wrote waits for what becomes of its stream, or goes by what became of it; the rest waits to be sent. */
  function enter(item: Item): void {
    const wire = records.held(item.entry.id)?.wire
    const resumed = wire && resumedAt.get(wire.connection)
    if (wire === undefined) waiting.push(item)
    else if (left.get(wire.connection) === wire.stream) inherit(wire.connection, { ...item, position: wire.position, at: 0 })
    else if (resumed?.stream !== wire.stream) doubtful.push(item)
    else if (isAfter(wire.position, resumed.h)) {
      pins.add(item.recipient, wire.connection)
      repeat(wire.connection, [item]).catch(onError)
    } else progress.settle([item.entry], 'acked')
  }

  function track(connection: number, item: Sent): void {
    const list = sent.get(connection)
    if (list) list.push(item)
    else sent.set(connection, [item])
    pins.add(item.recipient, connection)
  }

  /** What was written later may have been accepted earlier. */
  function inherit(connection: number, item: Sent): void {
    track(connection, item)
    sent.get(connection)?.sort((a, b) => (isAfter(a.position, b.position) ? 1 : -1))
  }

  function sendWaiting(): void {
    if (waiting.length === 0) return
    const connections = usable()
    const isFull = (index: number) => unwriting.has(index) || (sent.get(index)?.length ?? 0) >= WINDOW
    const open = [...connections.keys()].filter((index) => !isFull(index))
    const blocked = new Set(doubtful.map(({ recipient }) => recipient))
    const kept: Item[] = []
    const expired: OutboxEntry[] = []
    /** by what says that it was written: one for all of a turn */
    const written = new Map<Promise<void>, Written[]>()
    for (const item of waiting) {
      const { entry, recipient } = item
      if (entry.expiresAt !== null && entry.expiresAt <= clock.now()) expired.push(entry)
      else if (open.length === 0) kept.push(item)
      else if (blocked.has(recipient) || !send(item, { connections, open, written })) {
        // nothing overtakes within a conversation
        blocked.add(recipient)
        kept.push(item)
      } else if (open.some(isFull)) open.splice(0, open.length, ...open.filter((index) => !isFull(index)))
    }
    waiting.splice(0, waiting.length, ...kept)
    if (expired.length > 0) progress.settle(expired, 'expired')
    for (const [done, messages] of written) {
      done.then(
        () => progress.wrote(messages),
        () => {}, // their fate is told by what happens to the stream
      )
    }
    watchExpiry()
  }

  function send(
    item: Item,
    {
      connections,
      open,
      written,
    }: { connections: ReadonlyMap<number, Connection>; open: readonly number[]; written: Map<Promise<void>, Written[]> },
  ): boolean {
    const { entry, recipient } = item
    const index = connectionFor(recipient, {
      usable: open,
      pinned: pins.of(recipient),
      primaryOnly: entry.type === 'groupchat' || primaryOnly(entry.to),
    })
    const connection = index === undefined ? undefined : connections.get(index)
    if (index === undefined || !connection) return false
    const before = sent.get(index) ?? []
    if (suspects.size > 0 && before.some((other) => suspects.has(other.entry.id))) return false
    if (suspects.has(entry.id) && before.length > 0) return false
    try {
      const { position, written: done } = connection.send(entry.xml)
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
      progress.settle([entry], 'failed', { error: { code, detail } })
      return true
    }
  }

  function acked(connection: number, position: number): void {
    const list = sent.get(connection) ?? []
    const first = list.findIndex((item) => isAfter(item.position, position))
    const done = list.splice(0, first === -1 ? list.length : first)
    if (done[0] !== undefined && done[0].at > 0) onLatency(clock.monotonic() - done[0].at)
    for (const { entry, recipient } of done) {
      pins.remove(recipient)
      suspects.delete(entry.id)
    }
    const byPing = usable().get(connection)?.managed === false
    if (done.length > 0)
      progress.settle(
        done.map(({ entry }) => entry),
        'acked',
        byPing ? { ackBy: 'ping' } : {},
      )
    const stream = left.get(connection)
    if (stream !== undefined) {
      left.delete(connection)
      resumedAt.set(connection, { stream, h: position })
      repeat(connection, list.splice(0)).catch(onError)
    }
    if (unread) wake()
    else if (waiting.length > 0) sendSoon()
  }

  /**
   * What another process wrote and the server did not get goes again at new positions. The old ones are forgotten first, and
   * nothing else takes their places before: after one more crash they would pass for acknowledged.
   */
  async function repeat(connection: number, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return
    const done = progress.unwrite(items.map(({ entry }) => entry))
    unwriting.set(connection, done)
    try {
      await done
    } finally {
      if (unwriting.get(connection) === done) unwriting.delete(connection)
      for (const { recipient } of items) pins.remove(recipient)
    }
    requeue(items)
    wake()
  }

  /**
   * The server ended the stream over something we wrote. Whichever it was, each goes once more, one at a time; the one
   * that ends the stream again was it, and fails, so that the others can go on.
   */
  function suspect(items: readonly Item[], reason: string): void {
    const again = items.filter(({ entry }) => items.length > 1 || !suspects.has(entry.id))
    const guilty = items.filter((item) => !again.includes(item)).map(({ entry }) => entry)
    for (const { id: message } of guilty) suspects.delete(message)
    if (guilty.length > 0)
      progress.settle(guilty, 'failed', { error: { code: 'refused', detail: `The server ended the stream over it, twice: ${reason}.` } })
    for (const { entry } of again) suspects.add(entry.id)
    doubtful.push(...again)
  }

  /** Back into the queue, each in its place. */
  function requeue(items: readonly Item[]): void {
    waiting.push(...items)
    waiting.sort((a, b) => a.order - b.order)
  }

  function watchExpiry(): void {
    clearTimeout(expiry)
    const next = Math.min(...waiting.map(({ entry }) => entry.expiresAt ?? Number.POSITIVE_INFINITY))
    if (Number.isFinite(next)) expiry = setTimeout(wake, Math.min(Math.max(next - clock.now(), 0) + 1, 60_000))
  }

  function stop(): void {
    stopped = true
    clearTimeout(expiry)
    clearTimeout(retry)
    clearImmediate(sending)
  }

  return {
    wake,
    accepted(fresh, places) {
      for (const { record } of fresh) records.hold(record)
      if (stopped) return
      newest = places?.last
      if (waiting.length >= AHEAD) {
        // they are read when some of these have gone
        unread = true
        return
      }
      // what follows on the last that is here, and on nothing that is being read, needs no reading
      if (pumping || places === undefined || places.before !== lastRead) return wake()
      lastRead = places.last
      for (const { entry } of fresh) waiting.push(itemOf(entry))
      sendSoon()
    },
    acked,

    lost(connection, h, refused) {
      if (h !== null) acked(connection, h)
      left.delete(connection)
      resumedAt.delete(connection)
      const unknown = sent.get(connection) ?? []
      sent.delete(connection)
      for (const { recipient } of unknown) pins.remove(recipient)
      if (refused === undefined) doubtful.push(...unknown)
      else suspect(unknown, refused)
      if (doubtful.length > 0) onDoubts()
    },

    doubts: () =>
      doubtful.length === 0
        ? undefined
        : { since: Math.min(...doubtful.map(({ entry }) => entry.acceptedAt)), ids: new Set(doubtful.map(({ entry }) => entry.id)) },

    confirm(message, stanzaId) {
      const at = doubtful.findIndex(({ entry }) => entry.id === message)
      const [found] = at === -1 ? [] : doubtful.splice(at, 1)
      if (found) progress.settle([found.entry], 'acked', { stanzaId })
    },

    settleDoubts(ids) {
      const unknown = doubtful.filter(({ entry }) => ids.has(entry.id))
      doubtful.splice(0, doubtful.length, ...doubtful.filter(({ entry }) => !ids.has(entry.id)))
      // a room would show a repeated message twice; elsewhere the same id makes a repeat harmless
      const repeatable = ({ entry }: Item) => entry.type !== 'groupchat'
      const lost = unknown.filter((item) => !repeatable(item)).map(({ entry }) => entry)
      if (lost.length > 0)
        progress.settle(lost, 'failed', {
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
      const written = [...sent.values()].flat()
      const all = [...waiting, ...written, ...doubtful]
      const oldest = all.length === 0 ? undefined : Math.min(...all.map(({ entry }) => entry.acceptedAt))
      return { entries: all.length, unacked: written.length, oldest }
    },
    unwriting: (connection) => (resumable.has(connection) ? loading?.promise : undefined) ?? unwriting.get(connection),

    async end() {
      stop()
      await pumping
      const rest = [...waiting, ...doubtful, ...[...sent.values()].flat()].map(({ entry }) => entry)
      for (let more = await store.outbox.read(id, lastRead, AHEAD); more.length > 0; more = await store.outbox.read(id, lastRead, AHEAD)) {
        rest.push(...more)
        lastRead = more.at(-1)?.place
      }
      if (rest.length > 0)
        progress.settle(rest, 'failed', {
          error: { code: 'session-ended', detail: 'The session was ended before the server confirmed it.' },
        })
    },

    stop,
  }
}

/** Is position a after position b? Counters wrap at 2^32 (XEP-0198 section 4). */
function isAfter(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 0x8000_0000
}
