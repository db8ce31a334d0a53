/**
 * What a component knows as each of its addresses is kept apart: under keys that begin with the address. It is written so that it has
 * no "/": all keys of one address are those of one account then.
 */
import type { KnownState, StateKind } from '../contract/state-kind.ts'
import type { Change, StateChange } from '../ports/change.ts'
import type { EventDraft } from '../ports/event.ts'

/** the place of an address */
export const placeOf = (address: string): string => encodeURIComponent(address)

export const keyIn = (place: string, key: string): string => `${place}/${key}`

/** the key as that address knows it */
export const keyOf = (key: string): string => key.slice(key.indexOf('/') + 1)

/** whose key it is */
export const addressOf = (key: string): string => decodeURIComponent(key.slice(0, key.indexOf('/')))

const nothing = new Map<string, never>()

/** What one address knows. */
export function placedState(state: KnownState, place: string): KnownState {
  const keys = (kind: StateKind) => state.ofAccount(kind, place)
  return {
    get: (kind, key) => state.get(kind, keyIn(place, key)),
    all<Value>(kind: StateKind<Value>) {
      const known = keys(kind as StateKind)
      if (known.length === 0) return nothing
      return new Map(known.map((key) => [keyOf(key), state.get(kind, key) as Value]))
    },
    ofAccount: (kind, account) =>
      keys(kind)
        .map(keyOf)
        .filter((key) => key === account || key.startsWith(`${account}/`)),
  }
}

/** A change of what one address knows, and what it tells: each event says to which address it is. */
export function placedChange({ state = [], clear = [], events, ...change }: Change, address: string, known: KnownState): Change {
  const place = placeOf(address)
  const emptied = clear.flatMap((name) =>
    known.ofAccount({ name } as StateKind, place).map((key): StateChange => ({ kind: name, key, value: null })),
  )
  const placed = state.map(({ kind, key, value }) => ({ kind, key: keyIn(place, key), value }))
  return {
    ...change,
    ...(emptied.length + placed.length > 0 && { state: [...emptied, ...placed] }),
    ...(events && { events: events.map((event) => addressed(event, address)) }),
  }
}

function addressed(event: EventDraft, to: string): EventDraft {
  const { data } = event
  return typeof data !== 'object' || data === null || 'to' in data ? event : { ...event, data: { to, ...data } }
}
