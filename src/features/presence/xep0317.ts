/** XEP-0317: Hats, version 0.3.1 */
import { member } from '../../stanza/definition.ts'
import { attribute, many } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { decimal, string } from '../../stanza/scalars.ts'
import { elements, within } from '../../stanza/structures.ts'

const HATS = 'urn:xmpp:hats:0'

const hat = payload('Hat', 'hat', HATS, {
  uri: attribute(),
  title: attribute(),
  hue: attribute(decimal(0, 360)),
  lang: attribute(string, 'xml:lang'),
  elements: elements(),
})

export const hats = member('hats', ['message', 'presence'], within('hats', HATS, many(hat)))
