import { accountOf } from '../../jid.ts'
import type { SessionHandle } from '../contract/session.ts'
import type { StateKind } from '../contract/state-kind.ts'
import { keyIn, keyOf, placeOf } from './places.ts'

/** A component's session as callers have it who speak as one of its addresses. `base`: the session as a whole. */
export function addressHandle(base: SessionHandle, address: string): SessionHandle {
  const place = placeOf(address)
  const isHere = (key: string) => key.startsWith(`${place}/`)

  async function keysOf(kind: StateKind): Promise<string[]> {
    return (await base.stateKeys(kind)).filter(isHere)
  }

  return {
    ...base,
    address,
    record: { ...base.record, jid: accountOf(address) },
    as: (other) => addressHandle(base, other),
    async state<Value>(kind: StateKind<Value>, keys?: readonly string[]) {
      const wanted = keys?.map((key) => keyIn(place, key)) ?? (await keysOf(kind as StateKind))
      const found = await base.state(kind, wanted)
      return new Map([...found].map(([key, value]) => [keyOf(key), value]))
    },
    stateKeys: async (kind) => (await keysOf(kind)).map(keyOf),
    known: (kind, key) => base.known(kind, keyIn(place, key)),
    perform: (command, args, options) => base.perform(command, args, { ...options, as: address }),
  }
}
