/** RFC 6121: Instant Messaging and Presence, section 4.7. What a presence says. */
import { member } from '../codec/definition.ts'
import { languages, text } from '../codec/fields.ts'
import { integer, oneOf } from '../codec/scalars.ts'

export const presenceCore = [
  member('show', ['presence'], text(oneOf('away', 'chat', 'dnd', 'xa'))),
  member('status', ['presence'], text()),
  member('statuses', ['presence'], languages('status')),
  member('priority', ['presence'], text(integer(-128, 127))),
]
