import { Problem } from '../../errors/problem.ts'
import { type Change, Fenced } from '../ports/change.ts'
import type { Store } from '../ports/store.ts'

/** Events in one commit, at most; what is queued beyond waits for the next. */
const BATCH = 200
/** ms that what is in no hurry waits for something else to go with */
const LATER = 10
/** ms between tries while the store is away */
const RETRY = 250
/** ms that a commit is tried before those who wait for it are told that the store is away */
const PATIENCE = 700

const MOVED = 'Another instance has the session by now.'

export interface Journal {
  /** Writes a change after all written before; changes that wait are put into one commit. Answers the cursors of its events. */
  write(change: Change): Promise<string[]>
  /** The same of what is in no hurry: it goes with what is written next, or by itself some ms later. */
  writeSoon(change: Change): Promise<string[]>
  /** resolves when all written so far is stored or given up */
  flush(): Promise<void>
  /** Settles as the work does, but rejects with the problem of the store while that takes nothing, and then does not begin. */
  unlessAway<Result>(work: () => Promise<Result>): Promise<Result>
  /** gives up what still waits for a store that is away */
  close(): void
}

/**
 * The one writer of a session on its owner. It keeps the order of changes, merges those that wait into one fenced commit,
 * and goes on trying while the store is away: what came in stays unacknowledged meanwhile, so nothing is lost.
 */
export const createJournal = (context: JournalContext): Journal => new SessionJournal(context)

interface JournalContext {
  id: string
  fence: string
  store: Store
  onFenced: () => void
}

interface Waiting {
  change: Change
  isUrgent: boolean
  resolve(cursors: string[]): void
  reject(error: unknown): void
}

/** A class because each session has one, and there are thousands of sessions. */
class SessionJournal implements Journal {
  readonly #context: JournalContext
  readonly #queue: Waiting[] = []
  /** one of them is to be written now, and with it all the others */
  #isDue = false
  #running: Promise<void> | undefined
  #later: NodeJS.Timeout | undefined
  /** who is told when the store is away */
  #waiting: Set<(problem: Problem) => void> | undefined
  /** why nothing can be stored now */
  #away: Problem | undefined
  #isClosed = false

  constructor(context: JournalContext) {
    this.#context = context
  }

  write(change: Change): Promise<string[]> {
    return this.#put(change, true)
  }

  writeSoon(change: Change): Promise<string[]> {
    return this.#put(change, false)
  }

  async flush(): Promise<void> {
    if (this.#queue.length > 0) this.#begin()
    while (this.#running) await this.#running
  }

  async unlessAway<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#away !== undefined && !this.#isClosed) throw this.#away
    const { promise, reject } = Promise.withResolvers<never>()
    this.#waiting ??= new Set()
    this.#waiting.add(reject)
    try {
      return await Promise.race([work(), promise])
    } finally {
      this.#waiting.delete(reject)
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#later)
  }

  #put(change: Change, isUrgent: boolean): Promise<string[]> {
    if (this.#isClosed) return Promise.reject(new Problem('session-offline', 'The session is not here any more.', { retryAfter: 1 }))
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, isUrgent, resolve, reject })
      if (isUrgent) this.#begin()
      else this.#wait()
    })
  }

  #begin(): void {
    clearTimeout(this.#later)
    this.#later = undefined
    this.#isDue = true
    this.#running ??= this.#run()
  }

  #wait(): void {
    if (this.#queue.length > 0 && !this.#running) this.#later ??= setTimeout(() => this.#begin(), LATER)
  }

  async #run(): Promise<void> {
    // what is written in the same turn goes into one commit
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#isDue) {
      const batch = take(this.#queue)
      this.#isDue = this.#queue.some(({ isUrgent }) => isUrgent)
      await this.#settle(batch)
    }
    // in the same turn as the last look at the queue: what is written next starts a new run
    this.#running = undefined
    this.#wait()
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const cursors = await this.#commit(merge(batch.map(({ change }) => change)))
      let from = 0
      for (const { change, resolve } of batch) {
        const count = change.events?.length ?? 0
        resolve(cursors.slice(from, from + count))
        from += count
      }
    } catch (error) {
      if (error instanceof Fenced || this.#isClosed) this.#giveUp(batch, error)
      else if (batch.length === 1) batch[0]?.reject(error)
      // one of them cannot be stored, and must not cost the others
      else for (const each of batch) await this.#settle([each])
    }
  }

  #giveUp(batch: readonly Waiting[], error: unknown): void {
    const told = error instanceof Fenced ? new Problem('session-offline', MOVED, { cause: error, retryAfter: 1 }) : error
    this.#isDue = false
    for (const { reject } of [...batch, ...this.#queue.splice(0)]) reject(told)
    if (!(error instanceof Fenced) || this.#isClosed) return
    this.#isClosed = true
    this.#context.onFenced()
  }

  async #commit(change: Change): Promise<string[]> {
    const { id, fence, store } = this.#context
    const began = performance.now()
    for (;;) {
      try {
        const cursors = await store.commit(id, fence, change)
        this.#away = undefined
        return cursors
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'store-unavailable' || this.#isClosed) throw error
        if (performance.now() - began >= PATIENCE) {
          this.#away = error
          for (const reject of this.#waiting ?? []) reject(error)
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY))
      }
    }
  }
}

/** The answer to an iq may be some MiB: it goes by itself. */
const isLarge = ({ iqs = [] }: Change) => iqs.some(({ iq }) => iq !== undefined)

function take<T extends { change: Change }>(queue: T[]): T[] {
  let events = 0
  let count = 0
  for (const { change } of queue) {
    // emptying a kind must not touch what earlier changes of the batch put there
    if (count > 0 && (change.clear !== undefined || isLarge(change) || events >= BATCH)) break
    events += change.events?.length ?? 0
    count += 1
    if (isLarge(change)) break
  }
  return queue.splice(0, count)
}

function merge(changes: readonly Change[]): Change {
  const [only] = changes
  if (changes.length === 1 && only) return only
  const merged: Change = {}
  const records = new Map(changes.flatMap(({ records = [] }) => records).map((record) => [record.id, record]))
  const events = changes.flatMap(({ events = [] }) => events)
  const state = changes.flatMap(({ state = [] }) => state)
  const iqs = changes.flatMap(({ iqs = [] }) => iqs)
  const settled = changes.flatMap(({ settled = [] }) => settled)
  const streams = Object.assign({}, ...changes.map(({ streams }) => streams))
  const status = changes.findLast((change) => change.status)?.status
  if (events.length > 0) merged.events = events
  if (state.length > 0) merged.state = state
  if (only?.clear) merged.clear = only.clear
  if (records.size > 0) merged.records = [...records.values()]
  if (iqs.length > 0) merged.iqs = iqs
  if (settled.length > 0) merged.settled = settled
  if (Object.keys(streams).length > 0) merged.streams = streams
  if (status) merged.status = status
  return merged
}
