/** XEP-0390: Entity Capabilities 2.0, version 0.3.2 */
import { define } from '../codec/definition.ts'
import { many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { CAPS2 } from './namespaces.ts'
import { hash } from './xep0300.ts'

export const caps2 = define('caps2', ['presence', 'iq'], payload('Caps2', 'c', CAPS2, { hashes: many(hash) }))
