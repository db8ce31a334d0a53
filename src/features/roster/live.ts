/** The roster on the instance that owns the session: read at each new bind, kept by pushes, changed by commands. */
import { Problem } from '../../errors.ts'
import type { Command, IqAnswer, LiveSession } from '../../gateway/feature.ts'
import { unreadOf } from '../../gateway/unread.ts'
import { child, element } from '../../stanza/element.ts'
import { type Contact, changesOf, ROSTER, readItems, writeRemoval, writeSet } from './contact.ts'
import { unreadable } from './known.ts'

const VERSIONING = 'urn:xmpp:features:rosterver'
/** ms that the server may take to send the roster */
const READ_WITHIN = 30_000

/** Reads the roster, by version where the server has that (RFC 6121 section 2.6): then changes come as pushes. */
export async function bindRoster(session: LiveSession): Promise<void> {
  const kept = session.state.get('account', 'roster') as { ver?: string } | undefined
  const ver = session.features.includes(VERSIONING) ? (kept?.ver ?? '') : undefined
  const answer = await session.iq({ type: 'get', payload: element('query', ROSTER, { ver }) }, { timeout: READ_WITHIN })
  const query = child(answer, 'query', ROSTER)
  if (!query) {
    // an empty result: what the session has is what the server has (RFC 6121 section 2.6.3)
    if (kept && ver !== undefined) return
    throw new Problem('xmpp-undefined-condition', 'The server gave no roster.')
  }
  const known = session.state.all('roster')
  const { contacts } = readItems(query)
  const present = new Set(contacts.map(({ jid }) => jid))
  const removed = [...known.keys()].filter((jid) => !present.has(jid))
  const { state, events } = changesOf({ contacts, removed }, known)
  // nothing changed where nothing was known before
  await session.commit({ state: [...state, version(query.attributes.ver)], events: kept ? events : [] })
}

const version = (ver: string | undefined) => ({ kind: 'account', key: 'roster', value: ver === undefined ? {} : { ver } })

function isKnown({ state }: LiveSession): boolean {
  return state.get('account', 'roster') !== undefined && unreadOf(state.all('account')).roster === undefined
}

/** A roster push counts from the own account alone (RFC 6121 section 2.1.6). */
export const rosterPush: IqAnswer = {
  type: 'set',
  name: 'query',
  xmlns: ROSTER,
  ownAccount: true,
  answer(iq, session) {
    const query = child(iq, 'query', ROSTER)
    if (!query) return {}
    const { state, events } = changesOf(readItems(query), session.state.all('roster'))
    // a version counts from a roster that is known on: changes before it would be missed for ever
    const follows = query.attributes.ver !== undefined && isKnown(session)
    return { effect: { events, state: follows ? [...state, version(query.attributes.ver)] : state } }
  },
}

/** Answers the contact as it is then. Some servers push the change after their result: what they agreed to shows at once. */
const put: Command = async (session, { jid, name, groups }: Pick<Contact, 'jid' | 'name' | 'groups'>, options) => {
  await session.iq({ type: 'set', payload: writeSet({ jid, groups, ...(name ? { name } : {}) }) }, options)
  await session.settled()
  const found = session.state.get('roster', jid) as Contact | undefined
  const { roster: unread } = unreadOf(session.state.all('account'))
  if (!found && unread)
    throw unreadable({ ...unread, detail: `The server changed the contact; the rest of it is not known. ${unread.detail}` })
  const { name: _, ...kept } = found ?? { subscription: 'none' as const }
  const contact: Contact = { ...kept, jid, groups, ...(name ? { name } : {}) }
  await apply(session, { contacts: [contact], removed: [] })
  return contact
}

const remove: Command = async (session, { jid }: { jid: string }, options) => {
  await session.iq({ type: 'set', payload: writeRemoval(jid) }, options)
  await session.settled()
  await apply(session, { contacts: [], removed: [jid] })
}

async function apply(session: LiveSession, roster: { contacts: Contact[]; removed: string[] }): Promise<void> {
  const change = changesOf(roster, session.state.all('roster'))
  if (change.state.length > 0) await session.commit(change)
}

export const rosterCommands = { 'roster.put': put, 'roster.remove': remove }
