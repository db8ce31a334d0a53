/** RFC 6121: Instant Messaging and Presence, section 4.7. What a presence says. */
import { member } from '../../stanza/definition.ts'
import { languages, text } from '../../stanza/fields.ts'
import { integer, oneOf } from '../../stanza/scalars.ts'

export const presenceCore = [
  member('show', ['presence'], text(oneOf('away', 'chat', 'dnd', 'xa'))),
  member('status', ['presence'], text()),
  member('statuses', ['presence'], languages('status')),
  member('priority', ['presence'], text(integer(-128, 127))),
]
