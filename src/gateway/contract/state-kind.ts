import type { StateChange } from '../ports/change.ts'

/**
 * One kind of what a session knows: values of one type by key, JSON, stored and remembered by its owner. It says how much of it is
 * remembered, and what goes first when it is more. Who defines it is the only one that spells its name.
 */
export interface StateKind<Value = unknown> extends KindBound<Value> {
  put(key: string, value: Value): StateChange
  remove(key: string): StateChange
}

export interface KindBound<Value = unknown> {
  /** as it is stored */
  readonly name: string
  /** the name of its bound, as it is counted and told */
  readonly bound: string
  readonly entries: number
  /** characters of all keys and values, as JSON */
  readonly size: number
  /** the session cannot do without: it does not go for want of room that others have taken */
  readonly firm?: true
  /** what is not known any more once something has gone, and once something that is spared has, as the session says it in `unread` */
  readonly unread?: { others?: string; spared?: string }
  /** these go last */
  spares?(key: string, value: Value, get: KnownState['get']): boolean
}

/** What a session knows, as it is read. */
export interface KnownState {
  get<Value>(kind: StateKind<Value>, key: string): Value | undefined
  all<Value>(kind: StateKind<Value>): ReadonlyMap<string, Value>
  /** keys of a kind that are JIDs of this account, which is given as it is in them */
  ofAccount(kind: StateKind, account: string): readonly string[]
}

export function defineKind<Value>(bound: KindBound<Value>): StateKind<Value> {
  const kind = bound.name
  return { ...bound, put: (key, value) => ({ kind, key, value }), remove: (key) => ({ kind, key, value: null }) }
}

/** Kinds by name. */
export type StateKinds = ReadonlyMap<string, StateKind>

export const byName = (kinds: readonly StateKind[]): StateKinds => new Map(kinds.map((kind) => [kind.name, kind]))
