/** RFC 6121: Instant Messaging and Presence, section 5. What a message says. */
import { member } from '../codec/definition.ts'
import { attribute, content, languages, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { spread } from '../codec/structures.ts'
import { CLIENT } from '../xml/element.ts'

const thread = payload('Thread', 'thread', CLIENT, { thread: required(content()), parentThread: attribute(undefined, 'parent') })

export const messageCore = [
  member('body', ['message'], text()),
  member('bodies', ['message'], languages('body')),
  member('subject', ['message'], text()),
  member('subjects', ['message'], languages('subject')),
  member('thread', ['message'], spread(thread, 'thread', 'parentThread')),
]
