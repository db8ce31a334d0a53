import { addressOf } from '../gateway/component/places.ts'
import type { Feature } from '../gateway/contract/feature.ts'
import type { LiveSession } from '../gateway/contract/session.ts'

/** addresses for which the work of a stream is done at one time */
const AT_ONCE = 50

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

  async function all(session: LiveSession, work: (session: LiveSession) => Promise<void>): Promise<void> {
    const waiting = concerned(session)
    const next = async () => {
      for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) await work(address)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
  }

  return {
    ...feature,
    ...(taken && { taken: (session) => concerned(session).forEach(taken) }),
    ...(bind && { bind: (session) => all(session, bind) }),
    ...(appear && { appear: (session) => all(session, appear) }),
    ...(online && { online: (session) => all(session, online) }),
    ...(changed && { changed: (session) => all(session, changed) }),
    // also of those about which nothing is known any more
    ...(left && { left: async (session, how) => void (await Promise.all(session.addresses!().map((address) => left(address, how)))) }),
  }
}
