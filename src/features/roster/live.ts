/** The roster on the instance that owns the session: read at each new bind, kept by pushes, changed by commands. */

import { hasOneSpelling, sameAccount } from '../../folded-jid.ts'
import { account, unread } from '../../gateway/contract/account.ts'
import type { IqAnswer } from '../../gateway/contract/feature.ts'
import { type Contact, contacts } from '../../gateway/contract/roster-and-presence.ts'
import { type CommandOptions, defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { ROSTER } from '../../protocol/namespaces.ts'
import { child, elements } from '../../xml/element.ts'
import { unreadable } from '../known-contacts.ts'
import { rosterVersion } from '../roster-version.ts'
import { changesOf, readItems, writeRemoval, writeSet } from './contact.ts'
import { readRoster, versionOf } from './reading.ts'

/** ms that the server may take to change the roster, and longer where that is on its way still */
export const CHANGE_WITHIN = { timeout: 30_000, most: 120_000 }

type ContactChange = Pick<Contact, 'jid' | 'name' | 'groups'>

/** Adds or changes a contact; the result is the contact as it is then. */
export const putContact = defineCommand<ContactChange, Contact>({ name: 'roster.put' })

export const removeContact = defineCommand<{ jid: string }>({ name: 'roster.remove' })

/** What a session has to do with its roster while it is online. */
export function liveRoster() {
  /** of sessions whose roster is being read: whom the server told of meanwhile */
  const reading = new WeakMap<LiveSession, Set<string>>()

  async function bind(session: LiveSession): Promise<void> {
    const pushed = new Set<string>()
    reading.set(session, pushed)
    try {
      await readRoster(session, pushed)
    } finally {
      if (reading.get(session) === pushed) reading.delete(session)
    }
  }

  /** A roster push counts from the own account alone (RFC 6121 section 2.1.6). */
  const push: IqAnswer = {
    type: 'set',
    name: 'query',
    xmlns: ROSTER,
    ownAccount: true,
    answer(iq, session) {
      const query = child(iq, 'query', ROSTER)
      if (!query) return {}
      const items = readItems(elements(query))
      const pushed = reading.get(session)
      for (const jid of [...items.contacts.map(({ jid }) => jid), ...items.removed]) pushed?.add(jid)
      const { state, events } = changesOf(items, session.state.all(contacts))
      // a version counts from a roster that is known on: changes before it would be missed for ever
      const follows = query.attributes.ver !== undefined && !pushed && isKnown(session)
      return { effect: { events, state: follows ? [...state, versionOf(query.attributes.ver)] : state } }
    },
  }

  return { bind, answers: [push], commands: [putContact.by(put), removeContact.by(remove)] }
}

function isKnown({ state }: LiveSession): boolean {
  const known = state.all(account)
  return rosterVersion.of(known) !== undefined && unread.of(known)?.roster === undefined
}

/** Answers the contact as it is then. Some servers push the change after their result: what they agreed to shows at once. */
async function put(session: LiveSession, { jid, name, groups }: ContactChange, options: CommandOptions): Promise<Contact> {
  await session.iq({ type: 'set', payload: writeSet({ jid, groups, ...(name ? { name } : {}) }) }, { ...options, ...CHANGE_WITHIN })
  await session.settled()
  const found = changed(session, { jid, groups, ...(name ? { name } : {}) })
  const why = unread.of(session.state.all(account))?.roster
  if (!found && why) throw unreadable({ ...why, detail: `The server changed the contact; the rest of it is not known. ${why.detail}` })
  const { name: _, ...kept } = found ?? { subscription: 'none' as const }
  const contact: Contact = { ...kept, jid: found?.jid ?? jid, groups, ...(name ? { name } : {}) }
  await apply(session, { contacts: [contact], removed: [] })
  return contact
}

/** The contact as it is known by now; the server may write the JID in another way. */
function changed({ state }: LiveSession, { jid, name, groups }: ContactChange): Contact | undefined {
  const exact = state.get(contacts, jid)
  if (exact || hasOneSpelling(jid)) return exact
  const others = [...state.all(contacts).values()]
  return others.find((other) => sameAccount(other.jid, jid) && other.name === name && other.groups.join('\0') === groups.join('\0'))
}

async function remove(session: LiveSession, { jid }: { jid: string }, options: CommandOptions): Promise<void> {
  await session.iq({ type: 'set', payload: writeRemoval(jid) }, { ...options, ...CHANGE_WITHIN })
  await session.settled()
  await apply(session, { contacts: [], removed: [jid] })
}

async function apply(session: LiveSession, roster: { contacts: Contact[]; removed: string[] }): Promise<void> {
  const change = changesOf(roster, session.state.all(contacts))
  if (change.state.length > 0) await session.commit(change)
}
