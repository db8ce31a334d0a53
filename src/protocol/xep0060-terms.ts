/** XEP-0060: Publish-Subscribe, the values that its namespaces share */
import { oneOf } from '../codec/scalars.ts'

export const affiliations = oneOf('member', 'none', 'outcast', 'owner', 'publisher', 'publish-only')
export const subscriptionStates = oneOf('none', 'pending', 'subscribed', 'unconfigured')
export const nodeTypes = oneOf('collection', 'leaf')
