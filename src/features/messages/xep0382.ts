/** XEP-0382: Spoiler messages, version 0.2.0 */
import { member } from '../../stanza/definition.ts'
import { languages, text } from '../../stanza/fields.ts'
import { string } from '../../stanza/scalars.ts'

const SPOILER = 'urn:xmpp:spoiler:0'

export const spoilers = [
  member('spoiler', ['message'], text(string, 'spoiler', SPOILER)),
  member('spoilers', ['message'], languages('spoiler', SPOILER)),
]
