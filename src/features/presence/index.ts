import type { Feature } from '../../gateway/contract/feature.ts'
import { directed, presences } from '../../gateway/contract/roster-and-presence.ts'
import { presenceSnapshot } from '../known-presence.ts'
import type { Capabilities, Onlookers } from '../own-presence.ts'
import { presenceEvents } from './events.ts'
import { incomingPresence } from './incoming.ts'
import { presenceOperations } from './operations.ts'
import { ownPresence } from './own.ts'
import { requests } from './requests.ts'

/** Presence and subscriptions (RFC 6121 sections 3 and 4). */
export const presence = (own: { capabilities: Capabilities; onlookers: Onlookers }): Feature => ({
  name: 'presence',
  operations: presenceOperations,
  events: presenceEvents,
  snapshots: { presence: presenceSnapshot },
  presence: incomingPresence,
  keeps: [presences, directed, requests],
  ...ownPresence(own),
})
