import { folded, sameAccount } from '../../folded-jid.ts'
import { comparable } from '../../jid.ts'
import { BOOKMARKS, CARBONS, DISPLAYED, FORWARD, PUBSUB_EVENT, STANZA_ID, STORED_BOOKMARKS } from '../../protocol/namespaces.ts'
import { child, type Element, elements } from '../../xml/element.ts'
import type { LiveSession } from '../contract/session.ts'
import type { MessageRecord } from '../ports/message.ts'

/** nodes for the own eyes: bookmarks (XEP-0402, XEP-0048), what was read where (XEP-0490) */
const ownNodes = new Set([BOOKMARKS, STORED_BOOKMARKS, DISPLAYED])

/** A message as it counts: what a carbon of our own account holds, or the message itself. */
export type Unwrapped = { kind: 'own'; stanza: Element; carbon?: 'sent' | 'received' } | { kind: 'forged' }

/** Carbons (XEP-0280) count only from the own bare JID: anybody else who sends one is lying (section 11). */
export function unwrap(message: Element, ownBare: string): Unwrapped {
  const copy = elements(message).find(({ xmlns, name }) => xmlns === CARBONS && (name === 'sent' || name === 'received'))
  if (!copy) return { kind: 'own', stanza: message }
  const forwarded = child(copy, 'forwarded', FORWARD)
  const inner = forwarded && elements(forwarded).find(({ name, xmlns }) => name === 'message' && xmlns === message.xmlns)
  if (!inner || !isExactly(message.attributes.from, ownBare)) return { kind: 'forged' }
  return { kind: 'own', stanza: inner, carbon: copy.name === 'sent' ? 'sent' : 'received' }
}

/** Does somebody else pretend to tell what the own account has in nodes that nobody else has (XEP-0163 section 4.3.1)? */
export function forgesOwnData(message: Element, ownBare: string): boolean {
  const event = child(message, 'event', PUBSUB_EVENT)
  if (!event || message.attributes.from === undefined || isExactly(message.attributes.from, ownBare)) return false
  return elements(event).some(({ attributes }) => ownNodes.has(attributes.node ?? ''))
}

/** Is it told by the own account itself, or by its server for it (RFC 6121 section 2.1.6)? */
export function isOfAccount({ attributes: { from } }: Element, ownBare: string): boolean {
  return from === undefined || isExactly(from, ownBare)
}

/**
 * The XEP-0359 stanza-id given by one entity, of exactly this JID; those by others prove nothing. One that announces `urn:xmpp:sid:0`
 * has to take forged ones out (section 5). Whether this one announces it is not asked: one that gives no ids of its own has no other
 * message, and no place in an archive, that a forged id could be taken for.
 */
export function trustedStanzaId(message: Element, by: string): string | undefined {
  const given = elements(message).filter(
    ({ name, xmlns, attributes }) => name === 'stanza-id' && xmlns === STANZA_ID && isExactly(attributes.by, by),
  )
  // one that the author put there stands before the server's
  return given.at(-1)?.attributes.id || undefined
}

/** The id that its author gave a message. */
export const authorsId = (message: Element) => originId(message) ?? message.attributes.id

function originId(message: Element): string | undefined {
  return child(message, 'origin-id', STANZA_ID)?.attributes.id
}

function isExactly(from: string | undefined, ownBare: string): boolean {
  return from !== undefined && comparable(from) === comparable(ownBare)
}

/** The record of a message that we sent and that comes back as a copy; another client of the account may use the same id. */
export async function ownRecord(
  message: Element,
  session: Pick<LiveSession, 'isOwn' | 'record' | 'message'>,
): Promise<MessageRecord | undefined> {
  const { from, to } = message.attributes
  const id = authorsId(message)
  const record = id === undefined ? undefined : await session.message(id)
  if (!record || session.isOwn(from ?? '')) return record
  return originId(message) === id && folded(to ?? session.record.jid) === folded(record.to) ? record : undefined
}

/** Was it sent by a resource of this account? For copies that the own server made: in them it may write its name in another way. */
export function isFrom({ attributes: { from } }: Element, ownBare: string): boolean {
  return from === undefined || sameAccount(from, ownBare)
}
