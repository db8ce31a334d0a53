import type { Feature } from '../../gateway/contract/feature.ts'
import { stanzaOperations } from './operations.ts'

/** Any stanza, for what no other room has a route. */
export const stanzas: Feature = {
  name: 'stanzas',
  operations: stanzaOperations,
}
