import { Problem, toProblem } from '../../errors/problem.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import type { OutboxEntry } from '../ports/message.ts'
import type { Doubts } from './doubts.ts'
import type { InFlight } from './in-flight.ts'
import type { MessageQueue, Queued } from './message-queue.ts'
import type { MessageSpans } from './message-spans.ts'
import type { Progress, Written } from './progress.ts'
import type { Routes } from './routing.ts'
import { nextSuspects } from './suspects.ts'
import type { Window } from './window.ts'

/** ms after which the time of those that wait is looked at again, at most */
const LOOK = 60_000

export interface Sending {
  /** sends what may go now */
  now(): void
  /** … once for all that comes in this turn */
  soon(): void
  stop(): void
}

/** of one turn */
interface Turn {
  connections: ReadonlyMap<number, Connection>
  /** by what says that it was written: one for all of a turn */
  written: Map<Promise<void>, Written[]>
}

/** Sends what waits, in order per recipient, on the connection that each recipient has; those under suspicion after the others, and by themselves. */
export function createSending({
  waiting,
  inFlight,
  doubts,
  routes,
  window,
  usable,
  mayGo,
  clock,
  progress,
  spans,
  onWritten,
  onExpiry,
}: {
  /** taken from */
  waiting: MessageQueue<Queued>
  inFlight: Pick<InFlight, 'add' | 'count'>
  /** nothing goes to their recipients */
  doubts: Pick<Doubts, 'recipients'>
  routes: Pick<Routes, 'connectionFor'>
  window: Window
  usable: () => ReadonlyMap<number, Connection>
  mayGo: (entry: OutboxEntry) => Problem | undefined
  clock: Clock
  progress: Progress
  spans?: MessageSpans | undefined
  onWritten: (kind: OutboxEntry['kind']) => void
  /** the time of one that waits is over */
  onExpiry: () => void
}): Sending {
  let sending: NodeJS.Immediate | undefined
  let expiry: NodeJS.Timeout | undefined
  let stopped = false

  /** Once for all that comes in one turn: it leaves in one write, and is told in one. */
  function soon(): void {
    sending ??= setImmediate(() => {
      sending = undefined
      now()
    })
  }

  function now(): void {
    if (stopped || waiting.length === 0) return
    const connections = usable()
    let open = [...connections.keys()].filter((index) => !window.isFull(index))
    const doubted = doubts.recipients()
    const blocked = new Set(doubted)
    const kept: Queued[] = []
    const expired: OutboxEntry[] = []
    const turn: Turn = { connections, written: new Map() }
    for (const message of waiting.items) {
      const { entry, recipient } = message
      if (entry.expiresAt !== null && entry.expiresAt <= clock.now()) expired.push(entry)
      else if (open.length === 0) kept.push(message)
      else if (message.ended !== undefined || blocked.has(recipient) || !send(message, turn, open)) {
        // nothing overtakes within a conversation
        blocked.add(recipient)
        kept.push(message)
      } else if (open.some((index) => window.isFull(index))) open = open.filter((index) => !window.isFull(index))
    }
    waiting.replace(kept)
    if (kept.some((message) => message.ended !== undefined)) sendSuspects(turn, doubted)
    if (expired.length > 0) void progress.settle(expired, 'expired')
    for (const [done, messages] of turn.written) {
      done.then(
        () => progress.wrote(messages),
        () => {}, // their fate is told by what happens to the stream
      )
    }
    watchExpiry()
  }

  /** They go after the others, and nothing else goes with them, so that it shows over which of them a stream ends. */
  function sendSuspects(turn: Turn, doubted: ReadonlySet<string>): void {
    const indexes = [...turn.connections.keys()]
    for (const [index, connection] of turn.connections) {
      if (window.isClosed(index)) continue
      const next = nextSuspects(waiting.items, (message) => routes.connectionFor(message, indexes) === index, doubted)
      if (next.length === 0) window.ready(index)
      else if (window.isAlone(index, connection)) {
        window.ready(index)
        const gone = new Set<Queued>()
        for (const message of next) {
          // the rest would overtake it
          if (!send(message, turn, [index], message === next.at(-1))) break
          gone.add(message)
        }
        waiting.replace(waiting.items.filter((message) => !gone.has(message)))
        if (inFlight.count(index) > 0) window.guard(index)
      }
    }
  }

  /** False where it has to wait. `ask`: the server is asked at once to acknowledge it. */
  function send(message: Queued, { connections, written }: Turn, open: readonly number[], ask = false): boolean {
    const { entry } = message
    const index = routes.connectionFor(message, open)
    const connection = index === undefined ? undefined : connections.get(index)
    if (index === undefined || !connection) return false
    try {
      const refused = mayGo(entry)
      if (refused) throw refused
      const { position, written: done } = connection.send(entry.xml, ask)
      spans?.writing(entry)
      inFlight.add(index, { ...message, position, at: clock.monotonic() })
      onWritten(entry.kind)
      const stream = connection.snapshot()?.id
      const sent = { entry, place: message.place, wire: stream === undefined ? undefined : { connection: index, stream, position } }
      const others = written.get(done)
      if (others) others.push(sent)
      else written.set(done, [sent])
      return true
    } catch (error) {
      // no stream now, too much on its way, or not yet allowed: it waits
      if (error instanceof Problem && error.retryable) return false
      // a message that cannot be written must not hold up the others
      const { code, message: detail } = toProblem(error)
      void progress.settle([entry], 'failed', { error: { code, detail } })
      return true
    }
  }

  function watchExpiry(): void {
    clearTimeout(expiry)
    let next = Number.POSITIVE_INFINITY
    for (const { entry } of waiting.items) next = Math.min(next, entry.expiresAt ?? next)
    if (Number.isFinite(next)) expiry = setTimeout(onExpiry, Math.min(Math.max(next - clock.now(), 0) + 1, LOOK))
  }

  return {
    now,
    soon,
    stop() {
      stopped = true
      clearTimeout(expiry)
      clearImmediate(sending)
    },
  }
}
