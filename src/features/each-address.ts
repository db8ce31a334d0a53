import { addressOf } from '../gateway/component/places.ts'
import type { Feature } from '../gateway/contract/feature.ts'
import type { LiveSession } from '../gateway/contract/session.ts'

/**
 * A feature of accounts for each address of a component. What comes in is an address's already; what begins and ends with a stream, or
 * with the session, is done as each address that the feature knows something of.
 */
export function eachAddress(feature: Feature): Feature {
  const { keeps = [], taken, bind, appear, online, changed, left } = feature

  function concerned(session: LiveSession): LiveSession[] {
    const known = new Set(keeps.flatMap((kind) => [...session.state.all(kind).keys()].map(addressOf)))
    return [...known].map((address) => session.as!(address))
  }

  async function one(session: LiveSession, work: (session: LiveSession) => Promise<void>): Promise<void> {
    for (const address of concerned(session)) await work(address)
  }

  return {
    ...feature,
    ...(taken && { taken: (session) => concerned(session).forEach(taken) }),
    ...(bind && { bind: (session) => one(session, bind) }),
    ...(appear && { appear: (session) => one(session, appear) }),
    ...(online && { online: (session) => one(session, online) }),
    ...(changed && { changed: (session) => one(session, changed) }),
    // also of those about which nothing is known any more
    ...(left && { left: async (session, how) => void (await Promise.all(session.addresses!().map((address) => left(address, how)))) }),
  }
}
