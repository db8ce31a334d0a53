/** XEP-0153: vCard-Based Avatars, version 1.1.1 */
import { define } from '../../stanza/definition.ts'
import { text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'

export const vcardUpdate = define('vcardUpdate', ['presence'], payload('VcardUpdate', 'x', 'vcard-temp:x:update', { photo: text() }))
