import { Problem } from '../errors.ts'
import { bare } from '../stanza/jid.ts'
import { connectionFor } from './pool.ts'
import type { Change, Clock, Connection, MessageRecord, MessageStatus, OutboxEntry, Store } from './ports.ts'
import { advance, recordJson } from './record.ts'
import { accepted, type Records } from './records.ts'

/** Unacknowledged messages on one connection, at most; more wait in the store. */
const WINDOW = 256
/** Entries held in memory before they are sent */
const AHEAD = 256

export interface Outbox {
  /** something was accepted, or a connection came or went */
  wake(): void
  /** the server counted all up to this position of that connection */
  acked(connection: number, position: number): void
  /** a stream ended without being resumed; h: what the server still counted of it */
  lost(connection: number, h: number | null): void
  /** how many are written on a connection and not acknowledged */
  unacked(connection: number): number
  /** fails all that is left: the session ends */
  end(): Promise<void>
  stop(): void
}

interface Sent {
  entry: OutboxEntry
  order: number
  position: number
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
  onError: (error: unknown) => void
}): Outbox {
  const waiting: { entry: OutboxEntry; order: number }[] = []
  const sent = new Map<number, Sent[]>()
  const pins = new Map<string, { connection: number; count: number }>()
  let lastRead: string | undefined
  let orders = 0
  let pumping: Promise<void> | undefined
  let again = false
  let stopped = false
  let expiry: NodeJS.Timeout | undefined

  function wake(): void {
    again = true
    if (stopped) return
    pumping ??= pump()
      .catch(onError)
      .finally(() => {
        pumping = undefined
        if (again && !stopped) wake()
      })
  }

  async function pump(): Promise<void> {
    while (again && !stopped) {
      again = false
      await fill()
      if (!stopped) sendWaiting()
    }
  }

  async function fill(): Promise<void> {
    while (waiting.length < AHEAD) {
      const entries = await store.outbox.read(id, lastRead, AHEAD)
      for (const { place, ...entry } of entries) {
        lastRead = place
        if (!records.held(entry.id)) records.hold((await store.records.get(id, entry.id)) ?? accepted(entry))
        waiting.push({ entry, order: orders++ })
      }
      if (entries.length < AHEAD) return
    }
  }

  function sendWaiting(): void {
    const connections = usable()
    const blocked = new Set<string>()
    const kept: typeof waiting = []
    const expired: OutboxEntry[] = []
    for (const item of waiting) {
      const { entry } = item
      const recipient = bare(entry.to)
      if (entry.expiresAt !== null && entry.expiresAt <= clock.now()) expired.push(entry)
      else if (blocked.has(recipient) || !send(item, recipient, connections)) {
        // nothing overtakes within a conversation
        blocked.add(recipient)
        kept.push(item)
      }
    }
    waiting.splice(0, waiting.length, ...kept)
    if (expired.length > 0) settle(expired, 'expired')
    watchExpiry()
  }

  function send(item: { entry: OutboxEntry; order: number }, recipient: string, connections: ReadonlyMap<number, Connection>): boolean {
    const { entry } = item
    const open = [...connections.keys()].filter((index) => (sent.get(index)?.length ?? 0) < WINDOW)
    const pin = pins.get(recipient)
    const index = connectionFor(recipient, {
      usable: open,
      pinned: pin?.connection,
      primaryOnly: entry.type === 'groupchat' || primaryOnly(entry.to),
    })
    const connection = index === undefined ? undefined : connections.get(index)
    if (index === undefined || !connection) return false
    try {
      const { position, written } = connection.send(entry.xml)
      const list = sent.get(index) ?? []
      list.push({ ...item, position })
      sent.set(index, list)
      pins.set(recipient, { connection: index, count: (pin?.count ?? 0) + 1 })
      written.then(
        () => told(entry, 'sent'),
        () => {}, // its fate is told by what happens to the stream
      )
      return true
    } catch (error) {
      if (error instanceof Problem && error.code === 'session-offline') return false
      // a message that cannot even be written must not hold up the others
      settle([entry], 'failed', { error: { code: 'internal-error', detail: 'The message could not be written.' } })
      onError(error)
      return true
    }
  }

  /** New versions of the records with their events, as one change. */
  function versions(entries: readonly OutboxEntry[], status: MessageStatus, more: Partial<MessageRecord> = {}): Change {
    const at = clock.now()
    const changed = entries
      .map((entry) => advance(records.held(entry.id) ?? accepted(entry), status, at, more))
      .filter((record) => record !== undefined)
      .map(records.hold)
    return {
      records: changed,
      events: changed.map((record) => ({ type: `message.${status}`, subject: record.id, data: recordJson(record) })),
    }
  }

  function told(entry: OutboxEntry, status: MessageStatus): void {
    const change = versions([entry], status)
    if (change.records?.length) write(change).catch(onError)
  }

  function settle(entries: readonly OutboxEntry[], status: MessageStatus, more: Partial<MessageRecord> = {}): void {
    write({ ...versions(entries, status, more), settled: entries.map((entry) => entry.id) }).catch(onError)
  }

  function unpin(entry: OutboxEntry): void {
    const recipient = bare(entry.to)
    const pin = pins.get(recipient)
    if (!pin) return
    if (pin.count > 1) pins.set(recipient, { ...pin, count: pin.count - 1 })
    else pins.delete(recipient)
  }

  function acked(connection: number, position: number): void {
    const list = sent.get(connection)
    if (!list) return
    const first = list.findIndex((item) => isAfter(item.position, position))
    const done = list.splice(0, first === -1 ? list.length : first)
    if (done.length === 0) return
    for (const { entry } of done) unpin(entry)
    const byPing = usable().get(connection)?.managed === false
    settle(
      done.map(({ entry }) => entry),
      'acked',
      byPing ? { ackBy: 'ping' } : {},
    )
    wake()
  }

  function watchExpiry(): void {
    clearTimeout(expiry)
    const next = Math.min(...waiting.map(({ entry }) => entry.expiresAt ?? Number.POSITIVE_INFINITY))
    if (Number.isFinite(next)) expiry = setTimeout(wake, Math.min(Math.max(next - clock.now(), 0) + 1, 60_000))
  }

  return {
    wake,
    acked,

    lost(connection, h) {
      if (h !== null) acked(connection, h)
      const unknown = sent.get(connection) ?? []
      sent.delete(connection)
      for (const { entry } of unknown) unpin(entry)
      // a room would show a repeated message twice; elsewhere the same id makes a repeat harmless
      const lost = unknown.filter(({ entry }) => entry.type === 'groupchat').map(({ entry }) => entry)
      if (lost.length > 0)
        settle(lost, 'failed', { error: { code: 'outcome-unknown', detail: 'The connection was lost before the server confirmed it.' } })
      waiting.push(...unknown.filter(({ entry }) => entry.type !== 'groupchat'))
      waiting.sort((a, b) => a.order - b.order)
      wake()
    },

    unacked: (connection) => sent.get(connection)?.length ?? 0,

    async end() {
      stopped = true
      clearTimeout(expiry)
      await pumping
      const left = [...waiting, ...[...sent.values()].flat()].map(({ entry }) => entry)
      for (let more = await store.outbox.read(id, lastRead, AHEAD); more.length > 0; more = await store.outbox.read(id, lastRead, AHEAD)) {
        left.push(...more)
        lastRead = more.at(-1)?.place
      }
      if (left.length > 0)
        settle(left, 'failed', { error: { code: 'session-ended', detail: 'The session was ended before the server confirmed it.' } })
    },

    stop() {
      stopped = true
      clearTimeout(expiry)
    },
  }
}

/** Is position a after position b? Counters wrap at 2^32 (XEP-0198 section 4). */
function isAfter(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 0x8000_0000
}
