/** XEP-0066: Out of Band Data, version 1.5 */
import { define } from '../../stanza/definition.ts'
import { attribute, text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { string } from '../../stanza/scalars.ts'

const link = { url: text(), description: text(string, 'desc') }

export const oobLink = payload('OobLink', 'x', 'jabber:x:oob', link)

export const oob = [
  define('oob', ['message', 'presence'], oobLink),
  define('oob', ['iq'], payload('OobOffer', 'query', 'jabber:iq:oob', { ...link, id: attribute(string, 'sid') })),
]
