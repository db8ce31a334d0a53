import type { Problem } from '../../errors/problem.ts'
import { actingAs } from '../component/acting.ts'
import type { Feature } from '../contract/feature.ts'
import type { LiveSession } from '../contract/session.ts'
import type { OutboxEntry } from '../ports/message.ts'

/** Asks the features whether a message may go now. With a problem that is retryable it waits, with another it fails. */
export function createGate(features: readonly Feature[], session: () => LiveSession): (message: OutboxEntry) => Problem | undefined {
  const keepers = features.flatMap(({ mayGo }) => mayGo ?? [])
  return (message) => {
    for (const mayGo of keepers) {
      const problem = mayGo(message, actingAs(session(), message.from))
      if (problem) return problem
    }
    return undefined
  }
}
