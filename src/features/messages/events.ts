import type { Translator } from '../../codec/translate.ts'
import { recordSchema } from '../../gateway/contract/message-json.ts'
import type { EventType } from '../../gateway/contract/operation.ts'
import { messageEventSchema } from '../message-event.ts'

const progress: Record<string, string> = {
  accepted: 'The message was validated and is in the outbox.',
  sent: 'The message was written to the connection. Left out where the acknowledgement comes soon; the history of the record has it.',
  acked: "The account's own server took the message over.",
  delivered: 'A receipt of the recipient came.',
  displayed: 'The recipient has seen the message.',
  failed: 'The message came back, was refused, or what became of it is not known; `error` says why.',
  expired: 'The message was not sent before its `expiresIn` was over.',
}

const stanzas: Record<string, string> = {
  'message.received':
    "A message came in. A correction or retraction (`replace`, `retract`) of somebody else's message, or of one that the gateway does not remember, comes as this too.",
  'message.sent-elsewhere': 'Another client of the account sent a message.',
  'message.corrected': 'A message replaces an earlier one of the same author (`replace`).',
  'message.retracted': 'The author takes a message back (`retract`), or a moderator does in a room.',
  'message.reacted': 'Somebody reacts to a message (`reactions`: all that they now have on it).',
  'chatstate.changed': 'Somebody composes, pauses, or looks at the conversation or away.',
}

export function messageEvents(vocabulary: Translator): EventType[] {
  const stanza = messageEventSchema(vocabulary)
  return [
    ...Object.entries(progress).map(([status, description]) => ({ type: `message.${status}`, description, schema: recordSchema })),
    ...Object.entries(stanzas).map(([type, description]) => ({ type, description, schema: stanza })),
  ]
}
