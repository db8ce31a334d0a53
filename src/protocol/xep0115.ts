/** XEP-0115: Entity Capabilities, version 1.6.0; `ext` is of version 1.3 */
import { define } from '../codec/definition.ts'
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { string } from '../codec/scalars.ts'
import { CAPS } from './namespaces.ts'

export const entityCapabilities = payload('Caps', 'c', CAPS, {
  algorithm: attribute(string, 'hash'),
  node: attribute(),
  value: attribute(string, 'ver'),
  ext: attribute(),
})

export const caps = define('caps', ['presence'], entityCapabilities)
