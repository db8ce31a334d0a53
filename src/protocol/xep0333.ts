/** XEP-0333: Displayed Markers, version 1.0.0; received and acknowledged are of version 0.4 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'

const MARKERS = 'urn:xmpp:chat-markers:0'
const about = { id: attribute(), sender: attribute() }

export const marker = define(
  'marker',
  ['message'],
  choice({
    markable: payload('MarkerMarkable', 'markable', MARKERS, {}),
    received: payload('MarkerReceived', 'received', MARKERS, about),
    displayed: payload('MarkerDisplayed', 'displayed', MARKERS, about),
    acknowledged: payload('MarkerAcknowledged', 'acknowledged', MARKERS, about),
  }),
)
