/** XEP-0184: Message Delivery Receipts, version 1.4.0 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { attribute } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { RECEIPTS } from './namespaces.ts'

export const receipt = define(
  'receipt',
  ['message'],
  choice({
    request: payload('ReceiptRequest', 'request', RECEIPTS, {}),
    received: payload('ReceiptReceived', 'received', RECEIPTS, { id: attribute() }),
  }),
)
