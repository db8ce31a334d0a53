/** XEP-0357: Push Notifications, version 0.4.1 */
import { define } from '../codec/definition.ts'
import { attribute, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { PUSH } from './namespaces.ts'
import { form } from './xep0004.ts'

const where = { jid: attribute(jid), node: attribute() }

export const pushEnable = payload('PushEnable', 'enable', PUSH, { ...where, form: one(form) })
export const pushDisable = payload('PushDisable', 'disable', PUSH, where)

export const push = [
  define('pushEnable', ['iq'], pushEnable),
  define('pushDisable', ['iq'], pushDisable),
  define('pushNotification', ['item'], payload('PushNotification', 'notification', PUSH, { form: one(form), elements: elements() })),
]
