/** The roster on the instance that owns the session: read at each new bind, kept by pushes, changed by commands. */
import type { Command, IqAnswer, LiveSession } from '../../gateway/feature.ts'
import { child, element } from '../../stanza/element.ts'
import { type Contact, changesOf, ROSTER, readItems, writeRemoval, writeSet } from './contact.ts'

const VERSIONING = 'urn:xmpp:features:rosterver'
/** ms that the server may take to send the roster */
const READ_WITHIN = 30_000

/** Reads the roster, by version where the server has that (RFC 6121 section 2.6): then changes come as pushes. */
export async function bindRoster(session: LiveSession): Promise<void> {
  const kept = session.state.get('account', 'roster') as { ver?: string } | undefined
  const ver = session.features.includes(VERSIONING) ? (kept?.ver ?? '') : undefined
  const answer = await session.iq({ type: 'get', payload: element('query', ROSTER, { ver }) }, { timeout: READ_WITHIN })
  const query = child(answer, 'query', ROSTER)
  if (!query) return
  const known = session.state.all('roster')
  const { contacts } = readItems(query)
  const present = new Set(contacts.map(({ jid }) => jid))
  const removed = [...known.keys()].filter((jid) => !present.has(jid))
  const { state, events } = changesOf({ contacts, removed }, known)
  // nothing changed where nothing was known before
  await session.commit({ state: [...state, version(query.attributes.ver)], events: kept ? events : [] })
}

const version = (ver: string | undefined) => ({ kind: 'account', key: 'roster', value: ver === undefined ? {} : { ver } })

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
    return { effect: { events, state: query.attributes.ver === undefined ? state : [...state, version(query.attributes.ver)] } }
  },
}

/** Answers the contact as it is then. Some servers push the change after their result: what they agreed to shows at once. */
const put: Command = async (session, { jid, name, groups }: Pick<Contact, 'jid' | 'name' | 'groups'>, options) => {
  await session.iq({ type: 'set', payload: writeSet({ jid, groups, ...(name ? { name } : {}) }) }, options)
  await session.settled()
  const known = session.state.all('roster')
  const { name: _, ...kept } = (known.get(jid) as Contact | undefined) ?? { subscription: 'none' as const }
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
