import { settledWithin } from '../../deadline.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connection } from '../ports/connection.ts'
import type { InFlight } from './in-flight.ts'

/** Unacknowledged messages on one connection, at most; more wait in the store. */
const WINDOW = 256
/** … and their characters: a link that takes them slowly leaves the rest in the store. One that is larger goes by itself */
const WINDOW_SIZE = 1024 * 1024
/** ms that what is under suspicion waits for a connection on which nothing else is on its way, and so long at most while the server reads slowly */
const PATIENCE = 5_000
const PATIENCE_MOST = 120_000

export interface Window {
  /** takes the connection one more message now? */
  isFull(connection: number): boolean
  /** does it take none, not even one under suspicion? */
  isClosed(connection: number): boolean
  /** No message goes on the connection until what it answers is called; resolves when those that did are acknowledged, or a while passed. */
  pause(connection: number): Promise<() => void>
  /** Messages under suspicion wait there. Is nothing else on its way? From the first look on nothing else is sent there until it is so. */
  isAlone(connection: number, way: Connection): boolean
  /** none waits there (any more) */
  ready(connection: number): void
  /** messages under suspicion are on their way: nothing goes with them */
  guard(connection: number): void
  /** nothing is on its way on the connection any more */
  emptied(connection: number): void
  /** its stream is another one, or was resumed: others go before those under suspicion */
  begin(connection: number): void
  stop(): void
}

interface WindowContext {
  inFlight: Pick<InFlight, 'count' | 'size'>
  /** where nothing may be written, by connection */
  repeats: { readonly forgetting: ReadonlyMap<number, unknown> }
  usable: () => ReadonlyMap<number, Connection>
  /** the server was asked something that each stream begins with, and did not answer yet */
  isBusy: (connection: number) => boolean
  clock: Clock
  /** one may take messages again */
  onChange: () => void
}

/** What may be written to each connection now. */
export const createWindow = (context: WindowContext): Window => new WindowOfOutbox(context)

const patienceWith = (way: Connection | undefined) => Math.min(PATIENCE + (way?.transit() ?? 0), PATIENCE_MOST)

/** A class because each session has one, and there are thousands of sessions. */
class WindowOfOutbox implements Window {
  readonly #context: WindowContext
  // few sessions ever need any of these
  /** connections on which nothing but messages under suspicion is on its way */
  #guarded: Set<number> | undefined
  /** … and where they wait for what was sent before them: since when (monotonic ms) */
  #yielding: Map<number, number> | undefined
  /** connections where no message goes now, and who waits for those that did */
  #paused: Map<number, () => void> | undefined
  #patience: NodeJS.Timeout | undefined

  constructor(context: WindowContext) {
    this.#context = context
  }

  isFull(connection: number): boolean {
    const { inFlight } = this.#context
    if (this.isClosed(connection) || this.#yielding?.has(connection) === true) return true
    return inFlight.count(connection) >= WINDOW || inFlight.size(connection) >= WINDOW_SIZE
  }

  isClosed(connection: number): boolean {
    const { forgetting } = this.#context.repeats
    return forgetting.has(connection) || this.#guarded?.has(connection) === true || this.#paused?.has(connection) === true
  }

  async pause(connection: number): Promise<() => void> {
    const { usable, inFlight, onChange } = this.#context
    const { promise, resolve } = Promise.withResolvers<void>()
    const paused = this.#paused ?? new Map<number, () => void>()
    this.#paused = paused
    paused.set(connection, resolve)
    const way = usable().get(connection)
    way?.isQuiet()
    if (inFlight.count(connection) > 0) await settledWithin(patienceWith(way), promise)
    return () => {
      if (paused.get(connection) !== resolve) return
      paused.delete(connection)
      onChange()
    }
  }

  isAlone(connection: number, way: Connection): boolean {
    const { inFlight, isBusy, clock, onChange } = this.#context
    const time = clock.monotonic()
    const since = this.#yielding?.get(connection) ?? time
    this.#yielding ??= new Map()
    this.#yielding.set(connection, since)
    const quiet = way.isQuiet() && !isBusy(connection)
    if (inFlight.count(connection) > 0) return false
    if (quiet || time - since >= patienceWith(way)) return true
    this.stop()
    this.#patience = setTimeout(onChange, PATIENCE)
    return false
  }

  ready(connection: number): void {
    this.#yielding?.delete(connection)
  }

  guard(connection: number): void {
    this.#guarded ??= new Set()
    this.#guarded.add(connection)
  }

  emptied(connection: number): void {
    this.#guarded?.delete(connection)
    this.#paused?.get(connection)?.()
  }

  begin(connection: number): void {
    this.emptied(connection)
    this.ready(connection)
  }

  stop(): void {
    clearTimeout(this.#patience)
  }
}
