import { Fenced } from '../ports/change.ts'
import type { SessionRecord, SessionState } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import type { createLive, Live, LiveContext } from '../session/live-session.ts'
import type { Heartbeat } from './heartbeat.ts'
import { createTakeUp } from './take-up.ts'

/** A session that this instance has. */
export interface Owned {
  live: Live
  record: SessionRecord
  /** under which name, and with which fence */
  name: string
  fence: string
}

/** It is given: who has which session does not know how one lives. */
export type MakeLive = typeof createLive

/** Makes a live session of what the store has of it. `lastState`: the state in which its last owner left it. */
export type BringUp = (record: SessionRecord, lastState: SessionState, lease: Pick<Owned, 'name' | 'fence'>) => Promise<Owned>

export function createBringUp({
  context,
  makeLive,
  heartbeat,
  owned,
  onFenced,
}: {
  context: LiveContext
  makeLive: MakeLive
  heartbeat: Pick<Heartbeat, 'holdsLease'>
  /** takes it in the moment in which it lives */
  owned: Map<string, Owned>
  /** one of its writes was refused: another instance has the session */
  onFenced: (id: string, live: Live) => void
}): BringUp {
  const { store, metrics } = context

  // what an owner writes is refused by the store once another one has the session, and here once another one may have it
  const fencedStore: Store = {
    ...store,
    async commit(...args) {
      if (heartbeat.holdsLease()) return await store.commit(...args)
      metrics.count('fenced_writes_total')
      throw new Fenced('Another instance may have the session by now.')
    },
  }

  const fencedContext = { ...context, store: fencedStore }
  const takeUpState = createTakeUp({ store: fencedStore, kinds: context.kinds, share: context.share, turns: context.turns })

  return async (record, lastState, lease) => {
    const { id } = record
    const streams = await store.state.streams(id)
    const state = await takeUpState(record, lease.fence)
    const live = makeLive(fencedContext, {
      record,
      lastState,
      fence: lease.fence,
      holdsLease: heartbeat.holdsLease,
      state,
      streams,
      onFenced: () => onFenced(id, live),
    })
    const entry = { live, record, ...lease }
    owned.set(id, entry)
    live.wake()
    return entry
  }
}
