/** XEP-0012: Last Activity, version 2.0; in presence it is XEP-0256 */
import { define } from '../codec/definition.ts'
import { attribute, content } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'
import { LAST_ACTIVITY } from './namespaces.ts'

export const idleFor = payload('LastActivity', 'query', LAST_ACTIVITY, { seconds: attribute(integer()), status: content() })

export const lastActivity = define('lastActivity', ['iq', 'presence'], idleFor)
