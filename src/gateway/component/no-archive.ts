import { account, defineMember } from '../contract/account.ts'
import type { Feature } from '../contract/feature.ts'
import type { LiveSession } from '../contract/session.ts'
import type { CatchUp } from '../inbound/catch-up.ts'
import { gapEvent } from '../inbound/gap.ts'
import { goesAgain, openDoubts } from '../inbound/unknown-fate.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Announcer } from '../session/announcer.ts'

/** it was bound before */
const wasBound = defineMember<true>('bound')

/**
 * A component has no archive: what came while it was away was sent back, or is lost, and it is told so. Messages of unknown fate that
 * no feature finds out about go again with the same id, and fail where a repeat would show.
 */
export function createNoArchive({
  session,
  features,
  outbox,
  clock,
  store,
  announcer,
}: {
  session: LiveSession
  features: readonly Pick<Feature, 'findsOut'>[]
  outbox: Pick<Outbox, 'loaded' | 'doubts' | 'settleDoubts'>
  clock: Clock
  store: Pick<Store, 'sessions'>
  announcer: Pick<Announcer, 'view'>
}): CatchUp {
  const { id } = session.record

  async function told(): Promise<void> {
    const last = (await store.sessions.get(id))?.status.lastVerifiedAt
    const gap = gapEvent(clock, 'archive-unavailable', last ? { since: last } : {})
    const data = { ...(await announcer.view()), restored: 0 }
    await session.commit({ events: [gap, { type: 'session.caught-up', subject: id, data }] })
  }

  return {
    async begin() {
      if (wasBound.of(session.state.all(account))) return told
      await session.commit({ state: [wasBound.put(true)] })
      return async () => {}
    },
    markDue: async () => {},
    isDue: () => false,
    run: async () => async () => {},
    async doubts() {
      await outbox.loaded()
      const open = openDoubts({ session, outbox, features })
      outbox.settleDoubts(new Set(open.map(({ id }) => id)), goesAgain)
    },
  }
}
