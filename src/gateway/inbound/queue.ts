import { randomBytes } from 'node:crypto'
import { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import type { Change, StreamState } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Span } from '../ports/tracing.ts'
import { sizeOf } from '../size.ts'
import type { Appending } from './appending.ts'
import type { Arrival } from './copies.ts'
import { gapEvent } from './gap.ts'
import type { Watch } from './quarantine.ts'

/** Stanzas handled in one commit, at most, and characters of theirs after which it ends: the store has to take it in time */
const BATCH = 50
const BATCH_SIZE = 1024 * 1024

/** What a stanza comes to. */
export interface Handled {
  change: Change
  /** done once the change is stored: answers go out, waiting iqs are resolved */
  after: (() => void)[]
  /** of much only a part was handled: once this is stored the same goes on, before anything else */
  more?: boolean
}

/** what a stanza comes to */
export type Receive = (arrival: Arrival, stanza: Element) => Promise<Handled>

export interface Inbound {
  /** Takes a stanza at once and handles it in its turn. The receiver rejects only where nothing can be stored any more. */
  push(connection: number, stanza: Element, position: number, receiver: { stanza: Receive }): void
  /** keeps what a resume of this connection needs, in its turn */
  mark(connection: number): void
  /** takes something else that has its place among the stanzas; resolves when it is stored */
  enqueue(handle: () => Promise<Handled>): Promise<void>
  /** resolves when everything taken before is stored */
  settled(): Promise<void>
}

interface Task {
  handle(): Promise<Handled>
  /** of a stanza: where it stands on its stream */
  received?: { connection: number; stream: string; position: number; time: number }
  /** characters of it */
  size?: number
  mark?: number
  done?: { resolve(): void; reject(error: unknown): void }
}

interface InboundContext {
  /** to be waited for before each: others have their turn meanwhile */
  turn: () => Promise<void> | undefined
  watch: Pick<Watch, 'isAlone' | 'done'>
  /** rejects with a problem where nothing can be written any more, with something else where this change cannot */
  journal: { write(change: Change): Promise<unknown> }
  connections: {
    /** which stream a connection has */
    stream(connection: number): string
    get(connection: number): Stored | undefined
  }
  clock: Clock
  appending?: Appending | undefined
  onError: (error: unknown) => void
}

/** A connection as it is told that everything up to a position is stored. */
interface Stored {
  stored(position: number): void
  snapshot(): StreamState | null
}

/**
 * What comes in, one after the other over all connections of a session. One commit stores what a batch comes to; only
 * then its stanzas count as handled towards the server, and answers go out.
 */
export const createInbound = (context: InboundContext): Inbound => new InboundOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class InboundOfSession implements Inbound {
  readonly #context: InboundContext
  #queue: Task[] = []
  /** what arrives here is told from what arrived in another process */
  #here: string | undefined
  #arrivals = 0
  #running: Promise<void> | undefined

  constructor(context: InboundContext) {
    this.#context = context
  }

  push(connection: number, stanza: Element, position: number, receiver: { stanza: Receive }): void {
    const { connections, clock } = this.#context
    this.#here ??= randomBytes(6).toString('base64url')
    this.#arrivals += 1
    const arrival = { connection, stream: connections.stream(connection), at: `@${this.#here}${this.#arrivals}`, time: clock.now() }
    this.#take({
      handle: () => receiver.stanza(arrival, stanza),
      received: { connection, stream: arrival.stream, position, time: arrival.time },
      size: sizeOf(stanza),
    })
  }

  mark(connection: number): void {
    this.#take({ handle: async () => ({ change: {}, after: [] }), mark: connection })
  }

  enqueue(handle: () => Promise<Handled>): Promise<void> {
    return new Promise((resolve, reject) => this.#take({ handle, done: { resolve, reject } }))
  }

  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  #take(task: Task): void {
    this.#queue.push(task)
    this.#running ??= this.#run().catch(this.#context.onError)
  }

  async #run(): Promise<void> {
    // the stanzas of one read from the socket go into one batch
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH)
      try {
        this.#queue.unshift(...(await this.#store(batch)))
      } catch (error) {
        // the session is not ours any more: nothing of this may be told to the server or to anybody
        for (const { done } of [...batch, ...this.#queue.splice(0)]) done?.reject(error)
        this.#context.onError(error)
      }
    }
    // in the same turn as the last look at the queue: what is taken next starts a new run
    this.#running = undefined
  }

  /** Answers what is not done by it: one of which there is more, and what comes after that. */
  async #store(given: readonly Task[]): Promise<Task[]> {
    const { turn, watch, connections, appending } = this.#context
    const spans: (Span | undefined)[] = []
    const changes: Change[] = []
    const after: (() => void)[] = []
    const last = new Map<number, NonNullable<Task['received']>>()
    const batch: Task[] = []
    let size = 0
    for (const task of given) {
      const { handle, received } = task
      size += task.size ?? 0
      if ((size > BATCH_SIZE || watch.isAlone()) && batch.length > 0) break
      const wait = turn()
      if (wait) await wait
      if (received) last.set(received.connection, received)
      const handled = await handle()
      if (appending && received) spans.push(appending(received.time, handled.change))
      changes.push(handled.change)
      for (const step of handled.after) after.push(step)
      if (handled.more) break
      batch.push(task)
    }
    // positions on a stream that is gone say nothing about the one that followed
    const present = () => [...last.values()].filter((received) => received.stream === connections.stream(received.connection))
    const streams: Record<number, StreamState> = {}
    for (const { mark } of batch) {
      const state = mark === undefined ? null : this.#snapshot(mark)
      if (mark !== undefined && state) streams[mark] = state
    }
    for (const { connection, position } of present()) {
      const state = this.#snapshot(connection)
      if (state) streams[connection] = { ...state, inbound: position }
    }
    await this.#keep(changes, Object.keys(streams).length > 0 ? { streams } : {})
    for (const span of spans) span?.end()
    for (const { connection, position } of present()) connections.get(connection)?.stored(position)
    for (const step of after) step()
    for (const { done } of batch) done?.resolve()
    await watch.done()
    return given.slice(batch.length)
  }

  #snapshot(connection: number): StreamState | null {
    return this.#context.connections.get(connection)?.snapshot() ?? null
  }

  async #keep(changes: readonly Change[], positions: Change): Promise<void> {
    const { journal } = this.#context
    const all: Change = { ...positions }
    for (const change of changes) collect(all, change)
    if (Object.keys(all).length === 0) return
    try {
      await journal.write(all)
    } catch (error) {
      if (error instanceof Problem) throw error
      // one of them cannot be stored, and must not cost the others
      for (const change of changes)
        if (Object.keys(change).length > 0) await journal.write(change).catch((thrown: unknown) => this.#leaveOut(thrown))
      await journal.write(positions)
    }
  }

  async #leaveOut(error: unknown): Promise<void> {
    if (error instanceof Problem) throw error
    const { journal, clock, onError } = this.#context
    onError(error)
    await journal.write({ events: [gapEvent(clock, 'stanza-not-stored')] })
  }
}

/** Adds what one stanza does to what others do. */
export function collect(into: Change, from: Change): void {
  if (from.events?.length) into.events = append(into.events, from.events)
  if (from.state?.length) into.state = append(into.state, from.state)
  if (from.records?.length) into.records = append(into.records, from.records)
}

function append<Item>(to: Item[] = [], items: readonly Item[]): Item[] {
  for (const item of items) to.push(item)
  return to
}
