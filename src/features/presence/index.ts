import type { Feature } from '../../gateway/feature.ts'
import { presenceEvents } from './events.ts'
import { incomingPresence } from './incoming.ts'
import { presenceSnapshot } from './known.ts'
import { presenceOperations } from './operations.ts'
import { ownPresence } from './own.ts'

/** Presence and subscriptions (RFC 6121 sections 3 and 4). `supported`: what the own presence says that the gateway can do. */
export const presence = (supported: readonly string[]): Feature => ({
  name: 'presence',
  operations: presenceOperations,
  events: presenceEvents,
  snapshots: { presence: presenceSnapshot },
  presence: incomingPresence,
  ...ownPresence(supported),
})
