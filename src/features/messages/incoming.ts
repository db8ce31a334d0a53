/** What an incoming message is, and what it does to the messages it is about. */

import { readError } from '../../codec/stanza-error.ts'
import type { StanzaJson, Translator } from '../../codec/translate.ts'
import { folded, foldedBare, sameAccount } from '../../folded-jid.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { advance } from '../../gateway/outbox/message-record.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import type { MessageRecord } from '../../gateway/ports/message.ts'
import { withoutResource } from '../../jid.ts'
import { classify } from '../../protocol/meaning.ts'
import { CHAT_MARKERS, RECEIPTS } from '../../protocol/namespaces.ts'
import { child, type Element } from '../../xml/element.ts'
import { isFromUs, messageEvent } from '../message-event.ts'
import { recordEvent } from '../outgoing-message.ts'
import { reflection } from '../reflection.ts'
import { speakerOf } from '../room-state.ts'
import { isByAuthor, isRoom, remember } from './authors.ts'

/** characters of the words of an error that the record of a message keeps */
const WORDS_MAX = 1_000

export async function incomingMessage(incoming: Incoming, session: LiveSession, vocabulary: Translator): Promise<Effect | undefined> {
  const { stanza, carbon } = incoming
  if (stanza.attributes.type === 'error' && !isFromUs(incoming, session)) return await bounce(incoming, session, vocabulary)
  const reflected = await reflection(incoming, session)
  if (reflected) return { ...reflected, state: [...(reflected.state ?? []), ...remember(stanza, session)] }
  const { json } = vocabulary.read(stanza)
  const type = await eventType(incoming, json, session)
  const event = messageEvent(type, incoming, json, session)
  if (type === 'chatstate.changed') return { events: [{ ...event, volatile: true }] }
  const progress = carbon === 'sent' ? undefined : await progressOf(stanza, session)
  return {
    events: [event, ...(progress ? [progress.event] : [])],
    ...(progress ? { records: [progress.record] } : {}),
    ...(child(stanza, 'body') || classify(json) === 'chat' ? { state: remember(stanza, session) } : {}),
  }
}

/** A correction or retraction counts only from the author of what it is about; anybody else's is a message like others. */
async function eventType(incoming: Incoming, json: StanzaJson, session: LiveSession): Promise<string> {
  const { stanza } = incoming
  const sense = classify(json)
  if (sense === 'correction' || sense === 'retraction') {
    const about = sense === 'correction' ? json.replace : (json.retract as { id?: string } | undefined)?.id
    if (typeof about === 'string' && (await isByAuthor(stanza, sense, about, session)))
      return sense === 'correction' ? 'message.corrected' : 'message.retracted'
  }
  if (sense === 'reaction') return 'message.reacted'
  if (sense === 'chatState') return 'chatstate.changed'
  if (stanza.attributes.type === 'groupchat' && speakerOf(session, stanza)?.own) return 'message.sent-elsewhere'
  return isFromUs(incoming, session) && (incoming.carbon === 'sent' || incoming.archive) ? 'message.sent-elsewhere' : 'message.received'
}

// ---------------------------------------------------------------- receipts and markers

/** The record that a receipt (XEP-0184) or a marker (XEP-0333) carries on; undefined where it proves nothing new. */
async function progressOf(stanza: Element, session: LiveSession): Promise<{ record: MessageRecord; event: EventDraft } | undefined> {
  const told = progressTold(stanza)
  const sent = told && (await session.message(told.id))
  if (!sent || !isFromAddressee(stanza, sent, session)) return undefined
  const record = advance(sent, told.status, Date.now())
  return record && { record, event: recordEvent(record, told.status) }
}

function progressTold(stanza: Element): { id: string; status: 'delivered' | 'displayed' } | undefined {
  const displayed = child(stanza, 'displayed', CHAT_MARKERS) ?? child(stanza, 'acknowledged', CHAT_MARKERS)
  const received = child(stanza, 'received', RECEIPTS) ?? child(stanza, 'received', CHAT_MARKERS)
  const id = (displayed ?? received)?.attributes.id
  return id === undefined ? undefined : { id, status: displayed ? 'displayed' : 'delivered' }
}

/** Any resource of the addressed account may tell; in a room only the very occupant. */
function isFromAddressee({ attributes: { from } }: Element, { to }: MessageRecord, session: LiveSession): boolean {
  if (from === undefined) return false
  return folded(from) === folded(to) || (sameAccount(from, to) && !isRoom(to, session))
}

// ---------------------------------------------------------------- bounces

/** A stanza error for a message of ours fails it; one that does not shows as a message of type error. */
async function bounce(incoming: Incoming, session: LiveSession, vocabulary: Translator): Promise<Effect | undefined> {
  const { stanza } = incoming
  const { id } = stanza.attributes
  const record = id === undefined ? undefined : await session.message(id)
  const told = readError(child(stanza, 'error'))
  const xmpp = told.text === undefined ? told : { ...told, text: told.text.slice(0, WORDS_MAX) }
  const error = { code: `xmpp-${xmpp.condition}`, detail: xmpp.text ?? `The message came back: ${xmpp.condition}.`, xmpp }
  const failed = record && mayBounce(stanza, record, session) ? advance(record, 'failed', Date.now(), { error }) : undefined
  if (!failed) return { events: [messageEvent('message.received', incoming, vocabulary.read(stanza).json, session)] }
  return { records: [failed], events: [recordEvent(failed, 'failed')] }
}

/** Whoever may say that it came, a room for its occupants, the addressee's domain, or the own server. */
function mayBounce(stanza: Element, record: MessageRecord, session: LiveSession): boolean {
  const { from } = stanza.attributes
  if (from === undefined || isFromAddressee(stanza, record, session)) return true
  const own = session.record.jid
  return [record.to, domainOf(record.to), own, domainOf(own)].map(foldedBare).includes(folded(from))
}

/** The domain of an address, as it is written there. */
const domainOf = (address: string) => withoutResource(address).replace(/^[^@]*@/, '')
