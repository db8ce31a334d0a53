import type { Feature } from '../../gateway/contract/feature.ts'
import { directed, presences } from '../../gateway/contract/roster-and-presence.ts'
import { presenceSnapshot } from '../known-presence.ts'
import { presenceEvents } from './events.ts'
import { incomingPresence } from './incoming.ts'
import { presenceOperations } from './operations.ts'
import { ownPresence } from './own.ts'
import { requests } from './requests.ts'

/** Presence and subscriptions (RFC 6121 sections 3 and 4). `supported`: what the own presence says that the gateway can do. */
export const presence = (supported: readonly string[]): Feature => ({
  name: 'presence',
  operations: presenceOperations,
  events: presenceEvents,
  snapshots: { presence: presenceSnapshot },
  presence: incomingPresence,
  keeps: [presences, directed, requests],
  ...ownPresence(supported),
})
