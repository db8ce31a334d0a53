/** A component's session as one of its addresses: for features it is the session of an account that has this address. */
import { invalidRequest } from '../../errors/refusals.ts'
import { accountOf, comparable } from '../../jid.ts'
import { type Element, withAttributes } from '../../xml/element.ts'
import type { LiveSession } from '../contract/session.ts'
import { placedChange, placedState, placeOf } from './places.ts'

/** Says whom a stanza of the component is from, where it does not say so itself: the server ends the stream over one without. */
export const sentBy = (stanza: Element, from: string): Element =>
  stanza.attributes.from === undefined ? withAttributes(stanza, { from }) : stanza

export function createAddressSession(
  base: LiveSession,
  address: string,
  { archive, takeIn }: Pick<LiveSession, 'archive' | 'takeIn'>,
): LiveSession {
  const jid = accountOf(address)
  let known = base.record
  // what an address shows is not what the component was made with
  const asAddress = (of: LiveSession['record']): LiveSession['record'] => ({ ...of, jid, presence: {} })
  let record = asAddress(known)

  return {
    ...base,
    address,
    features: [],
    get record() {
      if (known !== base.record) record = asAddress(base.record)
      known = base.record
      return record
    },
    get jid() {
      return base.jid === null ? null : address
    },
    state: placedState(base.state, placeOf(address)),
    isOwn: (other) => comparable(other) === address,
    commit: (change) => base.commit(placedChange(change, address, base.state)),
    send: (stanza) => base.send(sentBy(stanza, address)),
    async iq(request, options) {
      // there is no server of the own account that could answer
      if (request.to === undefined) throw invalidRequest('body.to', 'is required for a component')
      return await base.iq({ from: address, ...request }, options)
    },
    doubts: { ...base.doubts, all: () => base.doubts.all().filter(({ from }) => from === address) },
    archive,
    takeIn,
    // what was missed is nowhere
    catchUp: async () => async () => {},
  }
}
