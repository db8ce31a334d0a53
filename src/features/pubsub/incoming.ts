import type { Translator } from '../../codec/translate.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { PUBSUB_EVENT } from '../../protocol/namespaces.ts'
import { child, type Element, elements } from '../../xml/element.ts'
import { messageEvent } from '../message-event.ts'

const types: ReadonlyMap<string, string> = new Map([
  ['purge', 'pubsub.purged'],
  ['delete', 'pubsub.deleted'],
  ['configuration', 'pubsub.configured'],
  ['subscription', 'pubsub.subscription'],
])

/** A notification is this room's alone; one that came back is the message that it was. */
export const isNotification = ({ stanza }: Incoming): boolean => stanza.attributes.type !== 'error' && typeOf(stanza) !== undefined

export function incomingNotification(incoming: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined {
  const type = typeOf(incoming.stanza)
  return type === undefined ? undefined : { events: [messageEvent(type, incoming, vocabulary.read(incoming.stanza).json, session)] }
}

/** What a notification of a node is about (XEP-0060 section 7.1.2); undefined for other messages, and for one that also has words. */
function typeOf(stanza: Element): string | undefined {
  const [what] = elements(child(stanza, 'event', PUBSUB_EVENT) ?? stanza)
  if (what?.xmlns !== PUBSUB_EVENT || child(stanza, 'body')) return undefined
  if (what.name === 'items') return child(what, 'retract') ? 'pubsub.retracted' : 'pubsub.published'
  return types.get(what.name)
}
