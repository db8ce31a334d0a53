import type { StanzaJson } from '../../codec/translate.ts'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import type { StateChange } from '../ports/change.ts'
import { defineKind } from './state-kind.ts'

/** What a session knows once, of its own account: each of its members has a type of its own and is defined where it is written. */
export const account = defineKind<unknown>({ name: 'account', bound: 'account-state', entries: 32, size: 2 * 1024 * 1024, firm: true })

/** One member of what is known of the own account. */
export interface AccountMember<Value> {
  put(value: Value): StateChange
  remove(): StateChange
  /** of all that is kept of the kind `account` */
  of(known: Pick<ReadonlyMap<string, unknown>, 'get'>): Value | undefined
}

export function defineMember<Value>(key: string): AccountMember<Value> {
  return {
    put: (value) => account.put(key, value),
    remove: () => account.remove(key),
    of: (known) => known.get(key) as Value | undefined,
  }
}

/** Content of the own presence as it is wanted; false: unavailable. */
export type Wanted = StanzaJson | false

/** What the session is to show of itself; absent while it shows what it was made with. */
export interface Wish {
  wanted: Wanted
  /** epoch ms */
  since: number
  /** The last one that the server took, or a plain one. Absent: it took this one. */
  instead?: Wanted
  /** of a last word that is not said yet */
  status?: string
}

export const ownPresence = defineMember<Wish>('presence')

/** Why a step of the bind did not bring what it is for: the answer was no, or none, or could not be read. */
export interface Unread {
  code: string
  detail: string
  xmpp?: StanzaErrorJson
}

/** by the name of the step */
export type AllUnread = Readonly<Record<string, Unread>>

/** What the session does not know, and says that it does not know. */
export const unread = defineMember<AllUnread>('unread')

/** SHA-1 of the own avatar, which the presence tells where the server does not do that by itself (XEP-0153); '' is none. */
export const avatarHash = defineMember<string>('avatar')
