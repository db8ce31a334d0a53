import type { Feature } from '../../gateway/contract/feature.ts'
import type { FindHome } from '../discovery.ts'
import { capabilities } from './capabilities.ts'
import { createKnownCaps } from './known-caps.ts'
import { discoOperations } from './operations.ts'

/** What others are and can do (XEP-0030, XEP-0115, XEP-0390). `supported`: what the gateway itself can. */
export function disco({ supported, findHome }: { supported: readonly string[]; findHome: FindHome }): Feature {
  return {
    name: 'disco',
    operations: discoOperations,
    commands: [capabilities({ supported, findHome, known: createKnownCaps() })],
  }
}
