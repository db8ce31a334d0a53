import { setTimeout as delay } from 'node:timers/promises'
import { createLive, type Live, type LiveContext } from './live.ts'
import type { SessionRecord } from './ports.ts'

/** ms that a lease lives unless renewed */
export const LEASE = 15_000
/** ms between renewals, and between looks for sessions that nobody owns */
const RENEW = 5_000
/** ms after the last renewal at which an owner stops by itself: before another could have taken over */
const SELF_FENCE = 10_000
/** sessions brought up at one time at start */
const STARTING = 20
/** ms that stopping may take in all */
const STOP_WITHIN = 15_000

export interface Owned {
  live: Live
  record: SessionRecord
  fence: string
  /** monotonic ms */
  renewedAt: number
}

export interface Owners {
  get(id: string): Owned | undefined
  /** takes the session over if it is free, and brings it up; undefined when another instance has it or it is gone */
  take(id: string): Promise<Owned | undefined>
  /** a fresh start of an owned session, e.g. after its password was changed */
  restart(id: string): Promise<Owned | undefined>
  /** its record was changed */
  changed(record: SessionRecord): void
  /** ends being its owner; the session itself was closed or goes elsewhere */
  release(id: string): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  count(): Map<string, number>
}

/** Which sessions live on this instance: leases taken, renewed and given back (one owner per session at any time). */
export function createOwners(context: LiveContext & { boot: string }): Owners {
  const { store, clock, seal, instance, boot, log } = context
  const owner = `${instance}:${boot}`
  const owned = new Map<string, Owned>()
  const taking = new Map<string, Promise<Owned | undefined>>()
  let beat: NodeJS.Timeout | undefined
  let beating = Promise.resolve()
  let stopping = false

  function take(id: string): Promise<Owned | undefined> {
    const here = owned.get(id)
    if (here) return Promise.resolve(here)
    const under = taking.get(id) ?? acquire(id).finally(() => taking.delete(id))
    taking.set(id, under)
    return under
  }

  async function acquire(id: string): Promise<Owned | undefined> {
    const lease = await store.leases.acquire(id, owner, LEASE)
    if (!lease) return undefined
    const found = await store.sessions.get(id)
    if (!found || stopping) {
      await store.leases.release(id, owner, lease.fence)
      return undefined
    }
    return await bringUp(await resealed(found.record), lease.fence)
  }

  /** After a rotation of keys the password is sealed anew by whoever takes the session up. */
  async function resealed(record: SessionRecord): Promise<SessionRecord> {
    const { id, tenant, version, credentials } = record
    if (seal.isCurrent(credentials)) return record
    const place = { tenant, session: id, kind: 'password' }
    const patch = { credentials: seal.seal(seal.open(credentials, place), place) }
    return (await store.sessions.update(id, version, patch)) ?? record
  }

  async function bringUp(record: SessionRecord, fence: string): Promise<Owned> {
    const { id } = record
    const [state, streams] = await Promise.all([store.state.all(id), store.state.streams(id)])
    const entry = { record, fence, renewedAt: clock.monotonic() } as Owned
    entry.live = createLive(context, {
      record,
      fence,
      state,
      streams,
      onFenced: () => drop(id, 'fenced'),
    })
    owned.set(id, entry)
    entry.live.wake()
    return entry
  }

  /** Another instance has it, or may have it by now: nothing is written, the socket goes without a goodbye. */
  function drop(id: string, reason: string): void {
    const entry = owned.get(id)
    if (!entry) return
    owned.delete(id)
    log.warn({ session: id, event: 'lease.lost', reason }, 'The session was given up')
    entry.live.abandon().catch(() => {}) // its sockets are gone either way
  }

  async function renew(): Promise<void> {
    await Promise.all(
      [...owned].map(async ([id, entry]) => {
        try {
          if (await store.leases.renew(id, owner, entry.fence, LEASE)) entry.renewedAt = clock.monotonic()
          else drop(id, 'taken')
        } catch {
          if (clock.monotonic() - entry.renewedAt > SELF_FENCE) drop(id, 'store-unavailable')
        }
      }),
    )
  }

  async function takeFree(): Promise<void> {
    const free: string[] = []
    for await (const id of store.sessions.ids()) {
      if (stopping) return
      if (!owned.has(id)) free.push(id)
      if (free.length === STARTING) await Promise.all(free.splice(0).map(take))
    }
    await Promise.all(free.map(take))
  }

  async function tick(): Promise<void> {
    try {
      await renew()
      if (store.durable && !stopping) await takeFree()
    } catch (error) {
      log.warn({ event: 'lease.sweep-failed', err: error }, 'The store did not answer a look for free sessions')
    }
  }

  async function release(id: string): Promise<void> {
    const entry = owned.get(id)
    owned.delete(id)
    if (entry) await store.leases.release(id, owner, entry.fence)
  }

  return {
    get: (id) => owned.get(id),
    take,
    async restart(id) {
      const entry = owned.get(id)
      if (!entry) return await take(id)
      await entry.live.abandon()
      return await bringUp(entry.record, entry.fence)
    },
    changed(record) {
      const entry = owned.get(record.id)
      if (!entry) return
      entry.record = record
      entry.live.changed(record)
    },
    release,
    async start() {
      await tick()
      beat = setInterval(() => {
        beating = beating.then(tick)
      }, RENEW)
    },
    async stop() {
      stopping = true
      clearInterval(beat)
      const leave = async (id: string, { live }: Owned) => {
        // in memory nobody can take it up again, so contacts are told; else the next owner resumes the stream
        if (store.durable) await live.abandon()
        else await live.close({})
        await release(id)
      }
      const all = Promise.allSettled([...owned].map(([id, entry]) => leave(id, entry)))
      const limit = new AbortController()
      try {
        await Promise.race([all, delay(STOP_WITHIN, undefined, { signal: limit.signal })])
      } finally {
        limit.abort()
      }
    },
    count() {
      const states = new Map<string, number>()
      for (const { live } of owned.values()) {
        const { state } = live.status()
        states.set(state, (states.get(state) ?? 0) + 1)
      }
      return states
    },
  }
}
