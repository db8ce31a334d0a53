import type { Feature } from '../../gateway/contract/feature.ts'
import { messageEventSchema } from '../message-event.ts'
import { incomingNotification, isNotification } from './incoming.ts'
import { itemOperations } from './items.ts'
import { memberOperations } from './members.ts'
import { nodeOperations } from './nodes.ts'

const types: Record<string, string> = {
  'pubsub.published': 'A node that the account listens to has new items (`pubsub`).',
  'pubsub.retracted': 'Items of a node were taken away.',
  'pubsub.purged': 'All items of a node were taken away.',
  'pubsub.deleted': 'A node is gone.',
  'pubsub.configured': 'A node was configured anew.',
  'pubsub.subscription': 'A subscription to a node has changed.',
}

/** What nodes tell those who listen to them (XEP-0060, XEP-0163). */
export const pubsub: Feature = {
  name: 'pubsub',
  operations: (context) => [...itemOperations(context), ...nodeOperations(context), ...memberOperations(context)],
  events(vocabulary) {
    const schema = messageEventSchema(vocabulary)
    return Object.entries(types).map(([type, description]) => ({ type, description, schema }))
  },
  claims: isNotification,
  message: incomingNotification,
}
