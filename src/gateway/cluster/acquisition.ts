import { resealCredentials } from '../credentials.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { LiveContext } from '../session/live-session.ts'
import type { BringUp, Owned } from './bring-up.ts'
import type { Heartbeat } from './heartbeat.ts'

/**
 * Takes a session from nobody, or from one that has gone, and brings it up; undefined where another instance has it or it is gone.
 * `passes`: it goes on to another instance where this one cannot open its secrets.
 */
export type Acquire = (id: string, how: { from: string | undefined; passes?: boolean }) => Promise<Owned | undefined>

export function createAcquisition({
  context: { store, seal, quarantine },
  heartbeat,
  bringUp,
  elsewhere,
  offer,
  isClosed,
}: {
  context: Pick<LiveContext, 'store' | 'seal' | 'quarantine'>
  heartbeat: Pick<Heartbeat, 'self' | 'holdsLease'>
  bringUp: BringUp
  /** the instance that can open its secrets, where this one cannot */
  elsewhere: (record: SessionRecord) => Promise<string | undefined>
  /** tells another instance that the session is its to take */
  offer: (heir: string, id: string) => Promise<boolean>
  /** no more are taken */
  isClosed: () => boolean
}): Acquire {
  /** `died`: the owner before let go of nothing */
  async function takeOver(...[record, lastState, lease, died]: [...Parameters<BringUp>, died: boolean]): Promise<Owned> {
    const up = await quarantine.takeUp(record, { fence: lease.fence, died })
    try {
      return await bringUp(record, lastState, lease)
    } finally {
      up()
    }
  }

  /** After a rotation of keys the credentials are sealed anew by whoever takes the session up. */
  async function resealed(record: SessionRecord): Promise<SessionRecord> {
    const patch = resealCredentials(seal, record)
    if (patch === undefined) return record
    return (await store.sessions.update(record.id, record.version, patch)) ?? record
  }

  return async (id, { from, passes = false }) => {
    const name = heartbeat.self
    const lease = await store.leases.acquire(id, name, from)
    if (!lease) return undefined
    const found = await store.sessions.get(id)
    const heir = found && passes ? await elsewhere(found.record) : undefined
    const mine = heartbeat.holdsLease() && heartbeat.self === name
    if (found && mine && !isClosed() && heir === undefined)
      return await takeOver(await resealed(found.record), found.status.state, { name, ...lease }, from !== undefined && from !== name)
    await store.leases.release(id, name, lease.fence)
    if (heir !== undefined) await offer(heir, id)
    return undefined
  }
}
