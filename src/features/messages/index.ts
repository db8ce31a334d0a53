import type { Feature } from '../../gateway/contract/feature.ts'
import {
  CHAT_MARKERS,
  CHAT_STATES,
  CORRECTION,
  FALLBACK,
  REACTIONS,
  RECEIPTS,
  REPLY,
  RETRACTION,
  STANZA_ID,
} from '../../protocol/namespaces.ts'
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
  discovers: [CHAT_STATES, CHAT_MARKERS, FALLBACK, CORRECTION, RETRACTION, REACTIONS, RECEIPTS, REPLY, STANZA_ID],
}
