import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { resealCredentials } from './credentials.ts'
import { type AskOptions, createInstances, type Question } from './instances.ts'
import { createLive, type Live, type LiveContext } from './live.ts'
import type { MessageRecord, SessionRecord } from './ports.ts'

/** ms that a lease lives unless renewed */
export const LEASE = 15_000
/** ms between renewals, and between looks for sessions that nobody owns */
const RENEW = 5_000
/** ms after the last renewal at which an owner stops by itself: before another could have taken over */
const SELF_FENCE = 10_000
/** sessions brought up at one time at start */
const STARTING = 20
/** ms that ending or restarting a session elsewhere may take */
const WHOLE_WITHIN = 10_000
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
  /** A fresh start wherever it lives, e.g. after its password was changed. */
  restart(id: string): Promise<void>
  /** its record was changed */
  changed(record: SessionRecord): Promise<void>
  /** is there an instance that has it, and lives? */
  isOwned(id: string): Promise<boolean>
  /** messages were accepted for it, here or not */
  accepted(id: string, records: readonly MessageRecord[]): Promise<void>
  /** Has another instance run a command for a session that it owns. */
  ask(question: Question, options: AskOptions): Promise<unknown>
  /** Ends the session wherever it lives: its streams closed, what is left in its outbox failed, its end told. Its data stays. */
  end(id: string, options: { status?: string }): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  count(): Map<string, number>
  /** the sessions that are here */
  lives(): Live[]
}

/** Which sessions live on this instance: leases taken, renewed and given back (one owner per session at any time). */
export function createOwners(context: LiveContext & { boot: string }): Owners {
  const { store, clock, seal, instance, boot, log } = context
  const owner = `${instance}:${boot}`
  const instances = createInstances({ bus: store.bus, self: owner })
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

  /** After a rotation of keys the credentials are sealed anew by whoever takes the session up. */
  async function resealed(record: SessionRecord): Promise<SessionRecord> {
    const patch = resealCredentials(seal, record)
    if (patch === undefined) return record
    return (await store.sessions.update(record.id, record.version, patch)) ?? record
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

  function adopt(record: SessionRecord): void {
    const entry = owned.get(record.id)
    if (!entry) return
    entry.record = record
    entry.live.changed(record)
  }

  async function heard(id: string, note: 'accepted' | 'changed'): Promise<void> {
    const entry = owned.get(id)
    if (note === 'accepted') return entry?.live.wake()
    const kept = entry && (await store.sessions.get(id))
    if (kept) adopt(kept.record)
  }

  const whole: Record<string, (entry: Owned, args: { status?: string }) => Promise<void>> = {
    async 'session.restart'(entry) {
      await entry.live.abandon()
      await bringUp(entry.record, entry.fence)
    },
    async 'session.end'({ record, live }, options) {
      await live.close(options)
      await release(record.id)
    },
  }

  async function run({ session, command, args }: Question, options: AskOptions): Promise<unknown> {
    const entry = owned.get(session)
    if (!entry) throw between()
    const ofWhole = whole[command]
    return ofWhole ? await ofWhole(entry, args as { status?: string }) : await entry.live.perform(command, args, options)
  }

  /** A command about the whole session: by its owner, or here when it has none. */
  async function wherever(id: string, command: 'session.restart' | 'session.end', args: { status?: string }): Promise<void> {
    const other = owned.has(id) ? undefined : await store.leases.owner(id)
    const question = { session: id, command, args }
    if (other !== undefined && other !== owner) await instances.ask(other, question, { timeout: WHOLE_WITHIN, repeatable: true })
    else if (await take(id)) await run(question, { timeout: WHOLE_WITHIN })
  }

  async function release(id: string): Promise<void> {
    const entry = owned.get(id)
    owned.delete(id)
    if (entry) await store.leases.release(id, owner, entry.fence)
  }

  return {
    get: (id) => owned.get(id),
    take,
    restart: (id) => wherever(id, 'session.restart', {}),
    end: (id, options) => wherever(id, 'session.end', options),
    async changed(record) {
      if (owned.has(record.id)) return adopt(record)
      const other = await store.leases.owner(record.id)
      if (other !== undefined) instances.note(other, record.id, 'changed')
    },
    async isOwned(id) {
      if (owned.has(id) || taking.has(id)) return true
      const other = await store.leases.owner(id)
      return other !== undefined && other !== owner && (await instances.isThere(other))
    },
    async accepted(id, records) {
      const here = owned.get(id)
      if (here) return here.live.accepted(records)
      const other = await store.leases.owner(id)
      if (other !== undefined) instances.note(other, id, 'accepted')
    },
    async ask(question, options) {
      const other = await store.leases.owner(question.session)
      if (other === undefined || other === owner) throw between()
      return await instances.ask(other, question, options)
    },
    async start() {
      instances.start({ run, hear: (id, note) => void heard(id, note).catch(() => {}) }) // a note that is lost is found by the next look
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
        instances.stop()
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
    lives: () => [...owned.values()].map(({ live }) => live),
  }
}

const between = () => new Problem('session-offline', 'The session is being taken up by an instance.', { retryAfter: 1 })
