/** What was displayed, kept for the account's own clients (XEP-0490). */
import { sameAccount } from '../../folded-jid.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import { defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'
import { authorsId, trustedStanzaId } from '../../gateway/inbound/provenance.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import { accountOf, comparable } from '../../jid.ts'
import { DISPLAYED, PUBSUB_EVENT, STANZA_ID } from '../../protocol/namespaces.ts'
import { child, type Element, element, elements } from '../../xml/element.ts'
import { publishPrivately } from '../pep.ts'

/** By chat and the author's id, the ids that the own server gave messages: of those that came while the session synchronises. */
export const stanzaIds = defineKind<string>({ name: 'stanza-ids', bound: 'stanza-ids', entries: 2_000, size: 512 * 1024 })

/** By chat, what was displayed last. */
export const displayed = defineKind<string>({ name: 'displayed', bound: 'displayed', entries: 2_000, size: 256 * 1024 })

export const keyOf = (chat: string, id: string) => `${chat} ${id}`

export const publishDisplayed = defineCommand<{ chat: string; stanzaId: string; by: string }>({
  name: 'chats.displayed',
  changes: () => true,
})

export const displayedCommand = publishDisplayed.by(async (session, { chat, stanzaId, by }) => {
  const payload = element('displayed', DISPLAYED, {}, [element('stanza-id', STANZA_ID, { id: stanzaId, by })])
  await publishPrivately(session, { node: DISPLAYED, id: chat, payload })
})

export const isDisplayedNews = ({ stanza }: Incoming, session: LiveSession): boolean =>
  stanza.attributes.type !== 'error' && session.record.mds === true && itemsOf(stanza) !== undefined

/** Another client of the account has displayed something, or this one; a message that came is remembered by its ids. */
export function displayedNews(incoming: Incoming, session: LiveSession): Effect | undefined {
  if (session.record.mds !== true) return undefined
  const items = itemsOf(incoming.stanza)
  if (!items) return remembered(incoming, session)
  const events: EventDraft[] = []
  const state: StateChange[] = []
  for (const { name, attributes, children } of elements(items)) {
    const content = name === 'item' ? (children.find((node) => typeof node !== 'string') as Element | undefined) : undefined
    const stanzaId = content?.xmlns === DISPLAYED ? child(content, 'stanza-id', STANZA_ID)?.attributes.id : undefined
    const chat = comparable(attributes.id ?? '')
    if (!stanzaId || chat === '' || session.state.get(displayed, chat) === stanzaId) continue
    events.push({ type: 'chat.displayed', subject: chat, data: { chat, stanzaId, own: true } })
    state.push(displayed.put(chat, stanzaId))
  }
  return { events, state }
}

function remembered({ stanza, carbon }: Incoming, session: LiveSession): Effect | undefined {
  const { from, type } = stanza.attributes
  const stanzaId = trustedStanzaId(stanza, session.record.jid)
  const id = authorsId(stanza)
  if (carbon === 'sent' || type === 'groupchat' || from === undefined || id === undefined || stanzaId === undefined) return undefined
  if (sameAccount(from, session.record.jid)) return undefined
  return { state: [stanzaIds.put(keyOf(accountOf(from), id), stanzaId)] }
}

function itemsOf(stanza: Element): Element | undefined {
  const event = child(stanza, 'event', PUBSUB_EVENT)
  const items = event && child(event, 'items')
  return items?.attributes.node === DISPLAYED ? items : undefined
}
