import type { Feature } from '../../gateway/contract/feature.ts'
import type { KindBounds } from '../../gateway/session/kinds.ts'
import { accountOf } from '../../jid.ts'
import { presenceEvents } from './events.ts'
import { incomingPresence } from './incoming.ts'
import { presenceSnapshot } from './known.ts'
import { presenceOperations } from './operations.ts'
import { ownPresence } from './own.ts'

const keeps: KindBounds = {
  // of others than contacts anybody who knows the address can send any number
  presence: {
    bound: 'presences',
    entries: 50_000,
    size: 8 * 1024 * 1024,
    spares: (jid, _, get) => get('roster', accountOf(jid)) !== undefined,
    told: { others: 'presences', spared: 'contact-presences' },
  },
  // rooms go last: what is said in them is told by that
  directed: {
    bound: 'directed-presences',
    entries: 5_000,
    size: 1024 * 1024,
    spares: (_, shown) => (shown as { muc?: true }).muc === true,
  },
  // one that is forgotten is told once more at the next log-in
  requests: { bound: 'subscription-requests', entries: 1_000, size: 512 * 1024 },
}

/** Presence and subscriptions (RFC 6121 sections 3 and 4). `supported`: what the own presence says that the gateway can do. */
export const presence = (supported: readonly string[]): Feature => ({
  name: 'presence',
  operations: presenceOperations,
  events: presenceEvents,
  snapshots: { presence: presenceSnapshot },
  presence: incomingPresence,
  keeps,
  ...ownPresence(supported),
})
