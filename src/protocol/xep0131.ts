/** XEP-0131: Stanza Headers and Internet Metadata, version 1.2 */
import { attribute, content, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'

const SHIM = 'http://jabber.org/protocol/shim'

export const headers = payload('Headers', 'headers', SHIM, {
  items: many(payload('Header', 'header', SHIM, { name: attribute(), value: content() })),
})
