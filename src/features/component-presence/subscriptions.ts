/** Who may see the presence of an address of a component, and whose it may see: no server keeps that for it. By the bare address. */
import type { StanzaJson } from '../../codec/translate.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { defineKind } from '../../gateway/contract/state-kind.ts'
import type { StateChange } from '../../gateway/ports/change.ts'

export interface Subscription {
  /** they see the address's presence */
  from?: true
  /** the address sees theirs */
  to?: true
  /** they asked, and were not answered yet */
  asked?: true
}

/** By bare JID of the other side. */
export const subscriptions = defineKind<Subscription>({
  name: 'subscriptions',
  bound: 'component-subscriptions',
  entries: 500_000,
  size: 96 * 1024 * 1024,
  firm: true,
})

export interface Shown {
  /** false: that it went is not told yet */
  presence: StanzaJson | false
  /** a last word, where it went */
  status?: string
}

/** What an address shows, by that address, which may be a full one. */
export const shown = defineKind<Shown>({
  name: 'shown',
  bound: 'component-presences',
  entries: 200_000,
  size: 64 * 1024 * 1024,
  firm: true,
})

/** What a subscription is now, as a change; nothing is kept where there is none. */
export function changed({ state }: Pick<LiveSession, 'state'>, contact: string, to: { [Key in keyof Subscription]: boolean }): StateChange {
  const next: Subscription = { ...state.get(subscriptions, contact) }
  for (const name of ['from', 'to', 'asked'] as const) {
    if (to[name] === true) next[name] = true
    else if (to[name] === false) delete next[name]
  }
  return Object.keys(next).length === 0 ? subscriptions.remove(contact) : subscriptions.put(contact, next)
}

/** all that an address with several resources shows is under its bare one */
export const homeOf = (session: LiveSession): LiveSession => session.as!(session.record.jid)
