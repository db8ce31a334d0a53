/** A stanza on its way through the gateway: as it comes in and is told, and as a caller would send it. */

import type { Translator } from '../../src/codec/translate.ts'
import { createFilter } from '../../src/events/filter.ts'
import { features } from '../../src/features/index.ts'
import type { LiveSession } from '../../src/gateway/contract/session.ts'
import { createReceiver, type Receiver } from '../../src/gateway/inbound/dispatch.ts'
import { createIqAnswers } from '../../src/gateway/inbound/iqs.ts'
import { createMirror } from '../../src/gateway/session/mirror.ts'
import { unwatched } from '../gateway/unwatched.ts'

const own = 'romeo@montague.lit'
const clock = { now: Date.now, monotonic: () => performance.now() }

/** Takes stanzas in with all that the feature rooms make of them. What is thrown on the way is a fault. */
export function createIncoming(vocabulary: Translator): Receiver {
  const state = createMirror(new Map())
  const record = { id: 'ses_x', tenant: 't', jid: own, handles: [], createdAt: 0, presence: {} }
  const message = async () => undefined
  const session = { record, jid: `${own}/x`, features: [], state, isOwn: () => false, message, vocabulary } as unknown as LiveSession
  return createReceiver({
    session,
    turn: () => undefined,
    watch: unwatched,
    features,
    answers: createIqAnswers(features),
    vocabulary,
    archive: { take: () => false },
    remember(change) {
      state.apply(change)
      return change
    },
    outbox: { confirm: () => undefined },
    wire: { reply: () => undefined },
    correlator: { answer: () => true },
    raised: { raise: () => undefined },
    resync: { seen: () => undefined },
    reports: {
      forged: () => undefined,
      rejected: () => undefined,
      error(error) {
        throw error
      },
    },
    clock,
  })
}

const filter = createFilter({ types: ['message.*', 'presence.*'], jids: [own, 'juliet@example.com'] })

/** What is done with an event for a reader, apart from JSON, which is not made here. */
export function tell(events: readonly { type: string; data: unknown }[] = []): void {
  for (const event of events) filter?.(event)
}
