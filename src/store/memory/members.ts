/** The instances of one process: itself, and in tests others. */

import type { Member } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { Store } from '../../gateway/ports/store.ts'

export function createMembers(clock: Clock): Store['instances'] {
  const known = new Map<string, { until: number; load: Member['load'] }>()

  function list(): Map<string, Member> {
    const now = clock.monotonic()
    for (const [name, { until }] of known) if (until <= now) known.delete(name)
    return new Map([...known].map(([name, { until, load }]) => [name, { load, left: until - now }]))
  }

  return {
    async beat(owner, { ttl, load, anew = false }) {
      if (anew || list().has(owner)) known.set(owner, { until: clock.monotonic() + ttl, load })
      return list()
    },
    list: async () => list(),
    leave: async (owner) => void known.delete(owner),
  }
}
