import type { Feature } from '../../gateway/contract/feature.ts'
import { archiveCommands } from './archive.ts'
import { authors } from './authors.ts'
import { messageEvents } from './events.ts'
import { incomingMessage } from './incoming.ts'
import { messageOperations } from './operations.ts'

/** Messages (RFC 6121 section 5), what became of them, and what others say about them. */
export const messages: Feature = {
  name: 'messages',
  operations: messageOperations,
  events: messageEvents,
  message: incomingMessage,
  commands: archiveCommands,
  keeps: [authors],
  discovers: [
    'http://jabber.org/protocol/chatstates',
    'urn:xmpp:chat-markers:0',
    'urn:xmpp:fallback:0',
    'urn:xmpp:message-correct:0',
    'urn:xmpp:message-retract:1',
    'urn:xmpp:reactions:0',
    'urn:xmpp:receipts',
    'urn:xmpp:reply:0',
    'urn:xmpp:sid:0',
  ],
}
