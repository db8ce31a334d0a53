/** XEP-0333: Displayed Markers, version 1.0.0; received and acknowledged are of version 0.4 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { CHAT_MARKERS } from './namespaces.ts'

const about = { id: attribute(), sender: attribute() }

export const marker = define(
  'marker',
  ['message'],
  choice({
    markable: payload('MarkerMarkable', 'markable', CHAT_MARKERS, {}),
    received: payload('MarkerReceived', 'received', CHAT_MARKERS, about),
    displayed: payload('MarkerDisplayed', 'displayed', CHAT_MARKERS, about),
    acknowledged: payload('MarkerAcknowledged', 'acknowledged', CHAT_MARKERS, about),
  }),
)
