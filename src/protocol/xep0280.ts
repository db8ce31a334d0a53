/** XEP-0280: Message Carbons, version 1.0.1 */

import { choice } from '../codec/composed.ts'
import { define, member } from '../codec/definition.ts'
import { flag, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { CARBONS } from './namespaces.ts'
import { forwardedStanza } from './xep0297.ts'

const copy = { forwarded: one(forwardedStanza) }

export const carbons = [
  define(
    'carbon',
    ['message'],
    choice({ sent: payload('CarbonSent', 'sent', CARBONS, copy), received: payload('CarbonReceived', 'received', CARBONS, copy) }),
  ),
  member('private', ['message'], flag('private', CARBONS)),
  define(
    'carbons',
    ['iq'],
    choice({ enable: payload('CarbonsEnable', 'enable', CARBONS, {}), disable: payload('CarbonsDisable', 'disable', CARBONS, {}) }),
  ),
]
