/** XEP-0066: Out of Band Data, version 1.5 */
import { define } from '../codec/definition.ts'
import { attribute, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { string } from '../codec/scalars.ts'

const link = { url: text(), description: text(string, 'desc') }

export const oobLink = payload('OobLink', 'x', 'jabber:x:oob', link)

export const oob = [
  define('oob', ['message', 'presence'], oobLink),
  define('oob', ['iq'], payload('OobOffer', 'query', 'jabber:iq:oob', { ...link, id: attribute(string, 'sid') })),
]
