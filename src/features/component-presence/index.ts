import type { Feature } from '../../gateway/contract/feature.ts'
import { incomingPresence } from './incoming.ts'
import { componentPresence as own } from './own.ts'
import type { Capabilities } from './stanzas.ts'
import { shown, subscriptions } from './subscriptions.ts'

/** Presence and subscriptions of the addresses of a component: no server does it for them. */
export const componentPresence = (capabilities: Capabilities): Feature => ({
  name: 'presence',
  presence: incomingPresence(capabilities),
  keeps: [shown, subscriptions],
  ...own(capabilities),
})
