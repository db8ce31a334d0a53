/** XEP-0202: Entity Time, version 2.0 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { timestamp, zone } from '../codec/scalars.ts'
import { TIME } from './namespaces.ts'

export const entityTime = payload('EntityTime', 'time', TIME, { zone: text(zone, 'tzo'), utc: text(timestamp) })

export const time = define('time', ['iq'], entityTime)
