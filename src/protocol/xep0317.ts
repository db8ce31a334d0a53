/** XEP-0317: Hats, version 0.3.1 */
import { member } from '../codec/definition.ts'
import { attribute, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { decimal, string } from '../codec/scalars.ts'
import { elements, within } from '../codec/structures.ts'

const HATS = 'urn:xmpp:hats:0'

const hat = payload('Hat', 'hat', HATS, {
  uri: attribute(),
  title: attribute(),
  hue: attribute(decimal(0, 360)),
  lang: attribute(string, 'xml:lang'),
  elements: elements(),
})

export const hats = member('hats', ['message', 'presence'], within('hats', HATS, many(hat)))
