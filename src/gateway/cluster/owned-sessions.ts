import { Problem } from '../../errors/problem.ts'
import type { SessionRecord, SessionStatus } from '../ports/session-record.ts'
import type { Live, LiveContext } from '../session/live-session.ts'
import { ended } from '../session/status.ts'
import { createAcquisition } from './acquisition.ts'
import { createBringUp, type MakeLive, type Owned } from './bring-up.ts'
import type { Heartbeat } from './heartbeat.ts'
import { createSteps } from './steps.ts'

/** ms that a session that is taken up may take before the next one is */
const UP_WITHIN = 5_000
/** ms for the server to acknowledge what was sent, before a session is handed over */
const ACKS_WITHIN = 2_000
/** ms for what callers asked of a session to come to its end before it ends here */
const FINISH_WITHIN = 10_000

export interface OwnedSessions {
  /** What is owned, unless it may be another's by now: the timer that gives it up may not have run yet. */
  get(id: string): Owned | undefined
  /** all, by id */
  readonly all: ReadonlyMap<string, Owned>
  /** here, or on its way here or away */
  isHere(id: string): boolean
  isMoving(id: string): boolean
  /** Makes a session that is this instance's from the start, or finds the one there is. */
  make(record: SessionRecord, status: SessionStatus): Promise<{ record: SessionRecord; created: boolean; owned?: Owned | undefined }>
  /** Takes it if it is free, and brings it up; undefined when another instance has it or it is gone. */
  take(id: string): Promise<Owned | undefined>
  /** Takes it from nobody, or from one that has gone; resolves when it is up, or known not to be soon. Never rejects. */
  takeUp(id: string, from: string | undefined): Promise<void>
  /** Brings it up anew where it has ended, whoever else asks for that at the same time. */
  restart(id: string): Promise<void>
  /** its streams closed, what is left in its outbox failed, its end told, and let go */
  end(id: string, options: { status?: string }): Promise<void>
  /** ends when what callers asked of it has come to its end */
  finish(id: string): Promise<void>
  /** its record was changed */
  adopt(record: SessionRecord): void
  /** Looks whether it is still there and as it was, and whether something waits for it. */
  look(id: string): Promise<void>
  /** Another instance has it, or may have it by now: nothing is written, the socket goes without a goodbye. */
  drop(id: string): void
  /** Leaves it as it is for the first of the heirs that hears. Never rejects. */
  handOver(id: string, heirs: readonly string[]): Promise<void>
  /** takes no more; resolves when none is on its way */
  close(): Promise<void>
}

/** The sessions of this instance: taken, kept, and given away. */
export function createOwnedSessions({
  context,
  makeLive,
  heartbeat,
  offer,
  elsewhere,
  onDoubt,
}: {
  context: LiveContext
  makeLive: MakeLive
  heartbeat: Heartbeat
  /** tells another instance that the session is its to take; answers whether it heard */
  offer: (heir: string, id: string) => Promise<boolean>
  /** the instance that can open its secrets, where this one cannot */
  elsewhere: (record: SessionRecord) => Promise<string | undefined>
  /** something may be owned by this instance, or by nobody, and be nowhere */
  onDoubt: () => void
}): OwnedSessions {
  const { store, log } = context
  const owned = new Map<string, Owned>()
  const steps = createSteps()
  let closed = false

  const bringUp = createBringUp({ context, makeLive, heartbeat, owned, onFenced: lose })
  const acquire = createAcquisition({ context, heartbeat, bringUp, elsewhere, offer, isClosed: () => closed })

  function mustHold(): void {
    if (!heartbeat.holdsLease()) throw new Problem('store-unavailable', 'This instance cannot take up sessions now.', { retryAfter: 2 })
  }

  /** One that was given up before may be refused late; the session may be here again by then. */
  function lose(id: string, live: Live): void {
    if (owned.get(id)?.live === live) {
      drop(id)
      onDoubt()
    } else giveUp(live)
  }

  function drop(id: string): void {
    const entry = owned.get(id)
    if (!entry) return
    owned.delete(id)
    log.warn({ session: id, event: 'lease.lost' }, 'The session was given up')
    giveUp(entry.live)
  }

  async function release(id: string): Promise<void> {
    const entry = owned.get(id)
    owned.delete(id)
    if (entry) await store.leases.release(id, entry.name, entry.fence)
  }

  async function leave(id: string, live: Live, heirs: readonly string[]): Promise<void> {
    await live.finished(FINISH_WITHIN)
    try {
      await live.abandon({ acks: ACKS_WITHIN })
    } finally {
      await release(id)
    }
    for (const heir of heirs) if (await offer(heir, id)) return
  }

  function end(id: string, options: { status?: string }): Promise<void> {
    return steps.take(id, async () => {
      await owned.get(id)?.live.close(options)
      await release(id)
    })
  }

  return {
    get: (id) => (heartbeat.holdsLease() ? owned.get(id) : undefined),
    all: owned,
    isHere: (id) => owned.has(id) || steps.has(id),
    isMoving: (id) => steps.has(id),
    async make(record, status) {
      mustHold()
      return await steps.take(record.id, async () => {
        const made = await store.sessions.create(record, status, heartbeat.self)
        return made.created ? { ...made, owned: await acquire(record.id, { from: heartbeat.self }) } : made
      })
    },
    async take(id) {
      mustHold()
      return await steps.take(id, async () => {
        const here = owned.get(id)
        if (here) return here
        const holder = await store.leases.owner(id)
        const free = holder === undefined || holder === heartbeat.self || !(await heartbeat.membersNow()).has(holder)
        return free ? await acquire(id, { from: holder }) : undefined
      })
    },
    async takeUp(id, from) {
      try {
        const taken = await steps.take(id, async () => (owned.has(id) ? undefined : await acquire(id, { from, passes: true })))
        await taken?.live.reached(['online', 'backoff', ...ended], AbortSignal.timeout(UP_WITHIN)).catch(() => {})
      } catch (error) {
        onDoubt()
        log.warn({ session: id, event: 'lease.take-failed', err: error }, 'A session could not be taken up')
      }
    },
    restart: (id) =>
      steps.take(id, async () => {
        const entry = owned.get(id)
        if (!entry || !ended.includes(entry.live.state())) return
        await entry.live.abandon({ acks: ACKS_WITHIN })
        if (closed || owned.get(id) !== entry) return
        await bringUp(entry.record, entry.live.state(), { name: entry.name, fence: entry.fence })
        // it may have changed on the way
        adopt(owned.get(id), entry.record)
      }),
    end,
    async finish(id) {
      await owned.get(id)?.live.finished(FINISH_WITHIN)
      await end(id, {})
    },
    adopt: (record) => adopt(owned.get(record.id), record),
    async look(id) {
      const kept = await store.sessions.get(id)
      const entry = owned.get(id)
      if (!entry) return
      if (kept) {
        adopt(entry, kept.record)
        return entry.live.wake()
      }
      // removed, or written by a version that this one does not know and another instance may
      drop(id)
      await store.leases.release(id, entry.name, entry.fence)
    },
    drop,
    async handOver(id, heirs) {
      try {
        await steps.take(id, async () => {
          const entry = owned.get(id)
          if (entry) await leave(id, entry.live, heirs)
        })
      } catch (error) {
        onDoubt()
        log.warn({ session: id, event: 'lease.hand-over-failed', err: error }, 'A session could not be handed over')
      }
    },
    async close() {
      closed = true
      await steps.settled()
    },
  }
}

function giveUp(live: Live): void {
  live.abandon({ acks: 0 }).catch(() => {}) // its sockets are gone either way
}

function adopt(entry: Owned | undefined, record: SessionRecord): void {
  if (!entry || entry.record.version === record.version) return
  entry.record = record
  entry.live.changed(record)
}
