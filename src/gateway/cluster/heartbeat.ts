import { randomBytes } from 'node:crypto'
import type { Member } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'

/** ms that an instance counts as there after it said so */
export const LEASE = 15_000
/** ms between two times that it says so */
const RENEW = 5_000
/** ms between tries where the store did not answer */
const RETRY = 1_000
/** ms after the last time at which it stops by itself: before others may take its sessions */
const SELF_FENCE = 10_000
/** ms that a timer may be late in a process that did not stand still */
const LATE = 1_000
/** ms after which an instance that was due to be gone is looked for */
const MARGIN = 20

export type Members = ReadonlyMap<string, Member>

export interface Heartbeat {
  /** the name under which sessions are owned: another one each time that this instance was given up */
  readonly self: string
  /** May sessions be acted for? Not where the last sign of life is so old that others may have them by now. */
  holdsLease(): boolean
  /** who was there at the last beat, this instance among them */
  readonly members: Members
  /** who is there now. Whoever was read as an owner before, and is not there, is gone for good. */
  membersNow(): Promise<Members>
  start(): Promise<void>
  /** says at once what load there is */
  beat(): Promise<void>
  stop(): Promise<void>
}

/** An instance's word that it is there, which holds all its sessions: one step in the store each 5 s, however many they are. */
export function createHeartbeat({
  store,
  clock,
  instance,
  load,
  log,
  onLost,
  onBeat,
}: {
  store: Pick<Store, 'instances'>
  clock: Clock
  instance: string
  load: () => Member['load']
  log: Log
  /** nothing that was owned is, and nothing may be done for it any more; the next beat may be under another name */
  onLost: (reason: string) => void
  /** after each beat: who has gone since the last one */
  onBeat: (gone: string[]) => void
}): Heartbeat {
  let self = newName(instance)
  let members: Members = new Map()
  let entered = false
  let stoodStill = false
  /** monotonic; of the question that was answered, not of its answer */
  let renewedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let fence: NodeJS.Timeout | undefined
  let beating: Promise<void> | undefined
  let stopped = false

  const sinceRenewed = () => clock.monotonic() - renewedAt
  const holdsLease = () => sinceRenewed() < SELF_FENCE

  function lose(reason: string): void {
    if (renewedAt === Number.NEGATIVE_INFINITY) return
    renewedAt = Number.NEGATIVE_INFINITY
    stoodStill ||= reason === 'late'
    log.warn({ event: 'lease.lost', owner: self, reason }, 'All sessions of this instance were given up')
    onLost(reason)
  }

  /** What it was at may be why it stood still: whoever has its sessions next is to know that their owner went, this process as well. */
  async function becomeAnother(): Promise<void> {
    const before = self
    self = newName(instance)
    stoodStill = false
    entered = false
    await store.instances.leave(before)
  }

  async function renew(): Promise<void> {
    // after a freeze: before anything else is done
    if (!holdsLease()) lose('late')
    if (stoodStill) await becomeAnother()
    let askedAt = clock.monotonic()
    let now = await store.instances.beat(self, { ttl: LEASE, load: load(), anew: !entered })
    if (!now.has(self)) {
      lose('expired')
      self = newName(instance)
      askedAt = clock.monotonic()
      now = await store.instances.beat(self, { ttl: LEASE, load: load(), anew: true })
    }
    entered = true
    renewedAt = askedAt
    clearTimeout(fence)
    fence = setTimeout(() => lose(sinceRenewed() > SELF_FENCE + LATE ? 'late' : 'store-unavailable'), SELF_FENCE - sinceRenewed())
    const gone = [...members.keys()].filter((name) => !now.has(name))
    members = now
    onBeat(gone)
  }

  function beat(): Promise<void> {
    clearTimeout(timer)
    beating ??= renew()
      .then(
        () => schedule(Math.min(RENEW, soonest(members, self) + MARGIN)),
        (error) => {
          log.warn({ event: 'lease.renew-failed', err: error }, 'The store did not hear that this instance is there')
          schedule(RETRY)
        },
      )
      .finally(() => {
        beating = undefined
      })
    return beating
  }

  function schedule(ms: number): void {
    if (!stopped) timer = setTimeout(beat, ms)
  }

  return {
    get self() {
      return self
    },
    get members() {
      return members
    },
    holdsLease,
    membersNow: () => store.instances.list(),
    start: beat,
    async beat() {
      await beating
      await beat()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      clearTimeout(fence)
      await beating
      clearTimeout(fence)
      renewedAt = Number.NEGATIVE_INFINITY
      await store.instances.leave(self)
    },
  }
}

/** A process that was started again, or given up for dead, is another one. */
const newName = (instance: string) => `${instance}:${randomBytes(6).toString('base64url')}`

/** ms until the first of the others is gone, if it says nothing more */
function soonest(members: Members, self: string): number {
  return Math.min(...[...members].map(([name, { left }]) => (name === self ? RENEW : left)))
}
