/** What contacts tell of themselves anew: by their nodes (XEP-0163), or by their presence (XEP-0153). */
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import { accountOf, isBare } from '../../jid.ts'
import { AVATAR_METADATA, NICK, PUBSUB_EVENT, VCARD_UPDATE } from '../../protocol/namespaces.ts'
import { child, childText, type Element, elements, text } from '../../xml/element.ts'

/** By account, the avatar that was told last: `''` is none. */
export const avatars = defineKind<string>({ name: 'avatars', bound: 'avatars', entries: 5_000, size: 512 * 1024 })

/** Is it about one of these nodes, and nobody asked for the node itself? */
export function isNews({ stanza }: Incoming, { record: { notify = [] } }: LiveSession): boolean {
  const node = nodeOf(stanza)
  return stanza.attributes.type !== 'error' && (node === AVATAR_METADATA || node === NICK) && !notify.includes(node)
}

export function news({ stanza }: Incoming, session: LiveSession): Effect | undefined {
  const node = nodeOf(stanza)
  const { from = session.record.jid, type } = stanza.attributes
  if (type === 'error' || (node !== AVATAR_METADATA && node !== NICK) || !isBare(from)) return undefined
  const jid = accountOf(from)
  const items = child(child(stanza, 'event', PUBSUB_EVENT)!, 'items')!
  const content = elements(items).flatMap((item) => (item.name === 'item' ? elements(item) : []))[0]
  if (node === NICK) return { events: [{ type: 'profile.nick-changed', subject: jid, data: { jid, ...nickIn(content) } }] }
  const info = content && child(content, 'info')
  return changed(jid, { id: info?.attributes.id ?? '', mediaType: info?.attributes.type }, session)
}

/** A photo that a contact's presence tells; one that tells nothing of it does not say that there is none. */
export function newsByPresence({ stanza }: Incoming, session: LiveSession): Effect | undefined {
  const { from, type } = stanza.attributes
  const update = child(stanza, 'x', VCARD_UPDATE)
  const photo = update && childText(update, 'photo')
  if (from === undefined || type !== undefined || photo === undefined || accountOf(from) === session.record.jid) return undefined
  return changed(accountOf(from), { id: photo.trim().toLowerCase() }, session)
}

function changed(jid: string, { id, mediaType }: { id: string; mediaType?: string | undefined }, session: LiveSession): Effect | undefined {
  if ((session.state.get(avatars, jid) ?? '') === id) return undefined
  const data = { jid, ...(id !== '' && { id }), ...(mediaType !== undefined && { mediaType }) }
  const events: EventDraft[] = [{ type: 'profile.avatar-changed', subject: jid, data }]
  const state: StateChange[] = [avatars.put(jid, id)]
  return { events, state }
}

const nickIn = (content: Element | undefined) => (content && text(content) !== '' ? { nick: text(content) } : {})

function nodeOf(stanza: Element): string | undefined {
  const event = child(stanza, 'event', PUBSUB_EVENT)
  return event && child(event, 'items')?.attributes.node
}
