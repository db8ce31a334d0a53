/** XEP-0153: vCard-Based Avatars, version 1.1.1 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { VCARD_UPDATE } from './namespaces.ts'

export const vcardUpdate = define('vcardUpdate', ['presence'], payload('VcardUpdate', 'x', VCARD_UPDATE, { photo: text() }))
