/** XEP-0184: Message Delivery Receipts, version 1.4.0 */
import { define } from '../../stanza/definition.ts'
import { attribute } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { choice } from '../../stanza/payloads.ts'

const RECEIPTS = 'urn:xmpp:receipts'

export const receipt = define(
  'receipt',
  ['message'],
  choice({
    request: payload('ReceiptRequest', 'request', RECEIPTS, {}),
    received: payload('ReceiptReceived', 'received', RECEIPTS, { id: attribute() }),
  }),
)
