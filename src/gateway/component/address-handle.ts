import { accountOf } from '../../jid.ts'
import type { LiveSession, SessionHandle } from '../contract/session.ts'
import type { StateKind } from '../contract/state-kind.ts'
import { keyIn, keyOf, placeOf } from './places.ts'

/**
 * A component's session as callers have it who speak as one of its addresses. `whole`: the session with all of them. `here`: the same on
 * its owner, where that is this instance: what one address knows is found there without a look at what all others do.
 */
export function addressHandle(whole: SessionHandle, address: string, here: () => LiveSession | undefined): SessionHandle {
  const place = placeOf(address)
  const known = () => here()?.as?.(address).state

  async function keysOf(kind: StateKind): Promise<string[]> {
    return (await whole.stateKeys(kind)).filter((key) => key.startsWith(`${place}/`))
  }

  return {
    ...whole,
    address,
    whole,
    record: { ...whole.record, jid: accountOf(address) },
    as: (other) => addressHandle(whole, other, here),
    async state<Value>(kind: StateKind<Value>, keys?: readonly string[]) {
      const all = known()?.all(kind)
      if (all) return new Map([...all].filter(([key]) => keys === undefined || keys.includes(key)))
      const wanted = keys?.map((key) => keyIn(place, key)) ?? (await keysOf(kind as StateKind))
      const found = await whole.state(kind, wanted)
      return new Map([...found].map(([key, value]) => [keyOf(key), value]))
    },
    async stateKeys(kind) {
      const all = known()?.all(kind)
      return all ? [...all.keys()] : (await keysOf(kind)).map(keyOf)
    },
    known: (kind, key) => whole.known(kind, keyIn(place, key)),
    perform: (command, args, options) => whole.perform(command, args, { ...options, as: address }),
  }
}
