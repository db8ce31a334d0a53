/** XEP-0382: Spoiler messages, version 0.2.0 */
import { member } from '../codec/definition.ts'
import { languages, text } from '../codec/fields.ts'
import { string } from '../codec/scalars.ts'

const SPOILER = 'urn:xmpp:spoiler:0'

export const spoilers = [
  member('spoiler', ['message'], text(string, 'spoiler', SPOILER)),
  member('spoilers', ['message'], languages('spoiler', SPOILER)),
]
