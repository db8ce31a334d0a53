/** What a session knows of others: who is a contact, who is there, and whom it showed its own presence (RFC 6121 sections 2 and 4). */
import type { StanzaJson } from '../../codec/translate.ts'
import { accountOf } from '../../jid.ts'
import { defineKind, type KnownState } from './state-kind.ts'

export const subscriptionStates = ['none', 'to', 'from', 'both'] as const

export interface Contact {
  /** bare; normalised where RFC 7622 allows it, else as the server wrote it */
  jid: string
  name?: string
  groups: string[]
  subscription: (typeof subscriptionStates)[number]
  ask?: 'subscribe'
  approved?: true
}

/** The roster, by bare JID. */
export const contacts = defineKind<Contact>({
  name: 'roster',
  bound: 'roster',
  entries: 200_000,
  size: 24 * 1024 * 1024,
  unread: { others: 'roster' },
})

/** The presence of others, by full JID. Of others than contacts anybody who knows the address can send any number. */
export const presences = defineKind<StanzaJson>({
  name: 'presence',
  bound: 'presences',
  entries: 50_000,
  size: 8 * 1024 * 1024,
  spares: (jid, _, get) => get(contacts, accountOf(jid)) !== undefined,
  unread: { others: 'presences', spared: 'contact-presences' },
})

/** May the account see its presence? */
export const isSubscriber = (contact: Contact | undefined): boolean => contact?.subscription === 'from' || contact?.subscription === 'both'

/** A room that the session is in (XEP-0045). */
export interface Joined {
  muc: true
  /** epoch ms: when it was joined */
  at: number
}

/**
 * To whom the own presence was sent directly, by JID; a room by its own address, from the time of joining until it is left.
 * Rooms go last: what is said in them is told by that.
 */
export const directed = defineKind<Partial<Joined>>({
  name: 'directed',
  bound: 'directed-presences',
  entries: 5_000,
  size: 1024 * 1024,
  spares: (_, shown) => shown.muc === true,
})

/** Undefined where the session is in no room of this address, which is a bare JID, comparable. */
export function joined(state: Pick<KnownState, 'get'>, room: string): Joined | undefined {
  const shown = state.get(directed, room)
  return shown?.muc === true ? { muc: true, at: shown.at ?? 0 } : undefined
}
