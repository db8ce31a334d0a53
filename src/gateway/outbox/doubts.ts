import type { MessageStatus, OutboxEntry } from '../ports/message.ts'
import type { Queued } from './message-queue.ts'
import type { Progress } from './progress.ts'
import type { Records } from './recent-records.ts'

/** Messages of which nobody knows whether the server got them: their stream ended before it counted them. */
export interface Doubts {
  isEmpty(): boolean
  /** those of which somebody has told something already are acknowledged by that */
  add(messages: readonly Queued[]): void
  /** to whom nothing goes until it is known */
  recipients(): Set<string>
  /** it is known that the server got one: it was found in the archive, or somebody answered it */
  confirm(id: string, stanzaId: string | undefined): void
  /** These stay unknown. Answers those that go again with the same id; the others fail. */
  settle(ids: ReadonlySet<string>, goesAgain: (entry: OutboxEntry) => boolean | undefined): Queued[]
  all(): Queued[]
}

export const createDoubts = (context: DoubtsContext): Doubts => new DoubtsOfOutbox(context)

interface DoubtsContext {
  progress: Pick<Progress, 'settle'>
  records: Pick<Records, 'cached'>
}

/** Nobody could have told that of a message that the server does not have. */
const tellsOfServer = new Set<MessageStatus | undefined>(['delivered', 'displayed', 'failed'])

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
    const { progress, records } = this.#context
    const known: OutboxEntry[] = []
    for (const message of unknown) {
      const { entry } = message
      if (tellsOfServer.has(records.cached(entry.id)?.status)) known.push(entry)
      else {
        this.#messages ??= new Map()
        this.#messages.set(entry.id, message)
      }
    }
    if (known.length > 0) void progress.settle(known, 'acked')
  }

  recipients(): Set<string> {
    return new Set(this.all().map(({ recipient }) => recipient))
  }

  confirm(id: string, stanzaId: string | undefined): void {
    const found = this.#messages?.get(id)
    this.#remove(id)
    if (found) void this.#context.progress.settle([found.entry], 'acked', stanzaId === undefined ? {} : { stanzaId })
  }

  settle(ids: ReadonlySet<string>, goesAgain: (entry: OutboxEntry) => boolean | undefined): Queued[] {
    const unknown = this.all().filter(({ entry }) => ids.has(entry.id))
    for (const { entry } of unknown) this.#remove(entry.id)
    const lost = unknown.map(({ entry }) => entry).filter((entry) => !goesAgain(entry))
    if (lost.length > 0)
      void this.#context.progress.settle(lost, 'failed', {
        error: { code: 'outcome-unknown', detail: 'The connection was lost before the server confirmed it.' },
      })
    return unknown.filter(({ entry }) => goesAgain(entry))
  }

  all(): Queued[] {
    return [...(this.#messages?.values() ?? [])]
  }

  #remove(id: string): void {
    this.#messages?.delete(id)
    if (this.#messages?.size === 0) this.#messages = undefined
  }
}
