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

export function createDoubts({ progress }: { progress: Pick<Progress, 'settle'> }): Doubts {
  /** by id */
  const messages = new Map<string, Queued>()

  return {
    isEmpty: () => messages.size === 0,
    add(unknown) {
      for (const message of unknown) messages.set(message.entry.id, message)
    },
    recipients() {
      const recipients = new Set<string>()
      for (const { recipient } of messages.values()) recipients.add(recipient)
      return recipients
    },
    summary() {
      if (messages.size === 0) return undefined
      let since = Number.POSITIVE_INFINITY
      for (const { entry } of messages.values()) since = Math.min(since, entry.acceptedAt)
      return { since, ids: new Set(messages.keys()) }
    },
    confirm(id, stanzaId) {
      const found = messages.get(id)
      messages.delete(id)
      if (found) void progress.settle([found.entry], 'acked', { stanzaId })
    },
    settle(ids) {
      const unknown = [...messages.values()].filter(({ entry }) => ids.has(entry.id))
      for (const { entry } of unknown) messages.delete(entry.id)
      const lost = unknown.filter((message) => !isRepeatable(message)).map(({ entry }) => entry)
      if (lost.length > 0)
        void progress.settle(lost, 'failed', {
          error: { code: 'outcome-unknown', detail: 'The connection was lost before the server confirmed it.' },
        })
      return unknown.filter(isRepeatable)
    },
    all: () => [...messages.values()],
  }
}

/** A room would show a repeated message twice; elsewhere the same id makes a repeat harmless. */
const isRepeatable = ({ entry }: Queued) => entry.type !== 'groupchat'
