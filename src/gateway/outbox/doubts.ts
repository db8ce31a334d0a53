import type { Queued } from './message-queue.ts'
import type { Progress } from './progress.ts'

/** Messages of which nobody knows whether the server got them: their stream ended before it counted them. */
export interface Doubts {
  isEmpty(): boolean
  add(messages: readonly Queued[]): void
  /** to whom nothing goes until it is known */
  recipients(): Set<string>
  /** since when (epoch ms) and which; undefined without any */
  summary(): { since: number; ids: ReadonlySet<string> } | undefined
  /** one was found in the archive */
  confirm(id: string, stanzaId: string): void
  /** These stay unknown. Answers those that go again with the same id; where a repeat would show they fail. */
  settle(ids: ReadonlySet<string>): Queued[]
  all(): Queued[]
}

export const createDoubts = (context: DoubtsContext): Doubts => new DoubtsOfOutbox(context)

interface DoubtsContext {
  progress: Pick<Progress, 'settle'>
}

/** A class because each session has one, and there are thousands of sessions. */
class DoubtsOfOutbox implements Doubts {
  readonly #context: DoubtsContext
  /** by id; undefined: none is in doubt */
  #messages: Map<string, Queued> | undefined

  constructor(context: DoubtsContext) {
    this.#context = context
  }

  isEmpty(): boolean {
    return this.#messages === undefined
  }

  add(unknown: readonly Queued[]): void {
    if (unknown.length === 0) return
    this.#messages ??= new Map()
    for (const message of unknown) this.#messages.set(message.entry.id, message)
  }

  recipients(): Set<string> {
    return new Set(this.all().map(({ recipient }) => recipient))
  }

  summary(): ReturnType<Doubts['summary']> {
    if (this.#messages === undefined) return undefined
    let since = Number.POSITIVE_INFINITY
    for (const { entry } of this.#messages.values()) since = Math.min(since, entry.acceptedAt)
    return { since, ids: new Set(this.#messages.keys()) }
  }

  confirm(id: string, stanzaId: string): void {
    const found = this.#messages?.get(id)
    this.#remove(id)
    if (found) void this.#context.progress.settle([found.entry], 'acked', { stanzaId })
  }

  settle(ids: ReadonlySet<string>): Queued[] {
    const unknown = this.all().filter(({ entry }) => ids.has(entry.id))
    for (const { entry } of unknown) this.#remove(entry.id)
    const lost = unknown.filter((message) => !isRepeatable(message)).map(({ entry }) => entry)
    if (lost.length > 0)
      void this.#context.progress.settle(lost, 'failed', {
        error: { code: 'outcome-unknown', detail: 'The connection was lost before the server confirmed it.' },
      })
    return unknown.filter(isRepeatable)
  }

  all(): Queued[] {
    return [...(this.#messages?.values() ?? [])]
  }

  #remove(id: string): void {
    this.#messages?.delete(id)
    if (this.#messages?.size === 0) this.#messages = undefined
  }
}

/** A room would show a repeated message twice; elsewhere the same id makes a repeat harmless. */
const isRepeatable = ({ entry }: Queued) => entry.type !== 'groupchat'
