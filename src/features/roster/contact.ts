/** Roster items (RFC 6121 section 2.1) as contacts. */

import { elementOf } from '../../codec/alone.ts'
import { type Contact, contacts as roster, subscriptionStates } from '../../gateway/contract/roster-and-presence.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import { accountOf } from '../../jid.ts'
import { ROSTER } from '../../protocol/namespaces.ts'
import { rosterQuery } from '../../protocol/rfc6121-roster.ts'
import { type Element, elements, text } from '../../xml/element.ts'

/** The contacts of a roster result or push; `removed` are those whose item says so. Items without a JID are left out. */
export function readItems(items: readonly Element[]): { contacts: Contact[]; removed: string[] } {
  const contacts: Contact[] = []
  const removed: string[] = []
  for (const item of items) {
    const jid = item.name === 'item' && item.xmlns === ROSTER ? item.attributes.jid : undefined
    if (!jid) continue
    if (item.attributes.subscription === 'remove') removed.push(accountOf(jid))
    else contacts.push(readItem(accountOf(jid), item))
  }
  return { contacts, removed }
}

function readItem(jid: string, item: Element): Contact {
  const { name, subscription, ask, approved } = item.attributes
  const groups = elements(item).filter((node) => node.name === 'group' && node.xmlns === ROSTER)
  return {
    jid,
    ...(name ? { name } : {}),
    groups: [...new Set(groups.map(text))].sort(),
    subscription: subscriptionStates.find((state) => state === subscription) ?? 'none',
    ...(ask === 'subscribe' ? { ask } : {}),
    ...(approved === 'true' || approved === '1' ? { approved: true } : {}),
  }
}

/** What a roster set asks for; the server ignores the rest. */
export function writeSet({ jid, name, groups }: Pick<Contact, 'jid' | 'name' | 'groups'>): Element {
  return elementOf(rosterQuery, { items: [{ jid, ...(name === undefined ? {} : { name }), groups: [...groups] }] })
}

export const writeRemoval = (jid: string): Element => elementOf(rosterQuery, { items: [{ jid, subscription: 'remove' }] })

/** The state and the events by which contacts become known, where they are not known like this already. */
export function changesOf(
  { contacts, removed }: { contacts: readonly Contact[]; removed: readonly string[] },
  known: ReadonlyMap<string, Contact>,
): { state: StateChange[]; events: EventDraft[] } {
  const changed = contacts.filter((contact) => !isSame(known.get(contact.jid), contact))
  const gone = removed.filter((jid) => known.has(jid))
  return {
    state: [...changed.map((contact) => roster.put(contact.jid, contact)), ...gone.map(roster.remove)],
    events: [
      ...changed.map((contact) => ({ type: 'roster.updated', subject: contact.jid, data: contact })),
      ...gone.map((jid) => ({ type: 'roster.removed', subject: jid, data: { jid } })),
    ],
  }
}

function isSame(one: Contact | undefined, other: Contact): boolean {
  return (
    one !== undefined &&
    one.name === other.name &&
    one.subscription === other.subscription &&
    one.ask === other.ask &&
    one.approved === other.approved &&
    one.groups.join('\0') === other.groups.join('\0')
  )
}
