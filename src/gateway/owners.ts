import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { resealCredentials } from './credentials.ts'
import { type AskOptions, createInstances, type Note, type Question } from './instances.ts'
import { createLive, type Live, type LiveContext } from './live.ts'
import { createMembership } from './membership.ts'
import { Fenced, type MessageRecord, type SessionRecord, type SessionStatus, type Store } from './ports.ts'
import { createSpread } from './spread.ts'
import { ended } from './state.ts'

/** ms that a session that is taken up may take before the next one is */
const UP_WITHIN = 5_000
/** ms that ending or restarting a session elsewhere may take */
const WHOLE_WITHIN = 10_000
/** ms for the server to acknowledge what was sent, before a session is handed over */
const ACKS_WITHIN = 2_000
/** ms for what callers asked of a session to come to its end before that */
const FINISH_WITHIN = 10_000
/** ms that stopping may take in all */
const STOP_WITHIN = 15_000
/** ms between two tries to wake an owner that did not hear, and how many */
const WAKE_AGAIN = 1_000
const WAKES = 5
/** beats in which each session is looked at once, for what was noted to its owner and not heard */
const BEATS_PER_ROUND = 12

export interface Owned {
  live: Live
  record: SessionRecord
  /** under which name, and with which fence */
  name: string
  fence: string
}

export interface Owners {
  get(id: string): Owned | undefined
  /** Makes a session, whose owner is this instance; see Store. */
  create(record: SessionRecord, status: SessionStatus): ReturnType<Store['sessions']['create']>
  /** takes the session over if it is free, and brings it up; undefined when another instance has it or it is gone */
  take(id: string): Promise<Owned | undefined>
  /** A fresh start wherever it lives, e.g. after its password was changed. */
  restart(id: string): Promise<void>
  /** its record was changed */
  changed(record: SessionRecord): Promise<void>
  /** does this owner, as it was read, live? */
  isThere(owner: string): Promise<boolean>
  /** Messages were accepted for it, here or not: its owner is woken. */
  accepted(id: string, records: readonly MessageRecord[]): void
  /** Has another instance run a command for a session that it owns, `owner` if that was just read; undefined where the session has none. */
  ask(question: Question, options: AskOptions, owner?: string): Promise<{ result: unknown } | undefined>
  /** Ends the session wherever it lives: its streams closed, what is left in its outbox failed, its end told. Its data stays. */
  end(id: string, options: { status?: string }): Promise<void>
  start(): Promise<void>
  /** Hands all sessions over, each when what callers asked of it has come to its end. Commands for others' sessions still go. */
  leave(): Promise<void>
  stop(): Promise<void>
  count(): Map<string, number>
  /** the sessions that are here */
  lives(): Live[]
}

/** Which sessions live on this instance: taken, held by its word that it is there, and handed over (one owner per session at any time). */
export function createOwners(context: LiveContext): Owners {
  const { store, clock, seal, instance, log, metrics } = context
  const owned = new Map<string, Owned>()
  /** on their way here or away */
  const moving = new Map<string, Promise<unknown>>()
  let stopping = false
  let left: Promise<void> | undefined
  let round = 0

  const membership = createMembership({
    store,
    clock,
    instance,
    load: () => (stopping ? null : owned.size),
    log,
    onLost() {
      instances.forget()
      for (const id of [...owned.keys()]) drop(id)
      spread.doubt()
    },
    onBeat(gone) {
      instances.listen(membership.self)
      for (const name of gone) instances.lost(name)
      spread.beat(gone)
      lookAtSome()
    },
  })
  const instances = createInstances({ bus: store.bus, run, hear: (id, note) => void heard(id, note).catch(() => {}) }) // a note that is lost is found by the next look
  const spread = createSpread({
    store,
    clock,
    membership,
    count: () => owned.size,
    isHere: (id) => owned.has(id) || moving.has(id),
    take: takeUp,
    *movable() {
      for (const [id, { live }] of owned) if (!moving.has(id) && live.isQuiet()) yield id
    },
    give: (id, heir) => void handOver(id, [heir, ...spread.heirs(id)]),
    onError: (error) => log.warn({ event: 'lease.look-failed', err: error }, 'The store did not answer a look for free sessions'),
  })

  // what an owner writes is refused by the store once another one has the session, and here once another one may have it
  const fencedStore: Store = {
    ...store,
    async commit(...args) {
      if (membership.held()) return await store.commit(...args)
      metrics.count('fenced_writes_total')
      throw new Fenced('Another instance may have the session by now.')
    },
  }

  /** One step at a time with a session. */
  function move<Result>(id: string, step: () => Promise<Result>): Promise<Result> {
    const done = step().finally(() => moving.delete(id))
    moving.set(id, done)
    return done
  }

  // ---- here

  async function take(id: string): Promise<Owned | undefined> {
    if (!membership.held()) throw new Problem('store-unavailable', 'This instance cannot take up sessions now.', { retryAfter: 2 })
    const here = owned.get(id)
    if (here) return here
    await moving.get(id)
    const holder = await store.leases.owner(id)
    const free = holder === undefined || holder === membership.self || !(await membership.look()).has(holder)
    return owned.get(id) ?? (free ? await move(id, () => acquire(id, holder)) : undefined)
  }

  async function acquire(id: string, from: string | undefined): Promise<Owned | undefined> {
    const name = membership.self
    const lease = await store.leases.acquire(id, name, from)
    if (!lease) return undefined
    const found = await store.sessions.get(id)
    const mine = membership.held() && membership.self === name
    if (found && mine && !stopping) return await bringUp(await resealed(found.record), { name, ...lease })
    await store.leases.release(id, name, lease.fence)
    return undefined
  }

  /** Until it is up, or is known not to be soon. */
  async function takeUp(id: string, from: string | undefined): Promise<void> {
    try {
      const taken = await move(id, () => acquire(id, from))
      await taken?.live.reached(['online', 'backoff', ...ended], AbortSignal.timeout(UP_WITHIN)).catch(() => {})
    } catch (error) {
      spread.doubt()
      log.warn({ session: id, event: 'lease.take-failed', err: error }, 'A session could not be taken up')
    }
  }

  /** After a rotation of keys the credentials are sealed anew by whoever takes the session up. */
  async function resealed(record: SessionRecord): Promise<SessionRecord> {
    const patch = resealCredentials(seal, record)
    if (patch === undefined) return record
    return (await store.sessions.update(record.id, record.version, patch)) ?? record
  }

  async function bringUp(record: SessionRecord, lease: Pick<Owned, 'name' | 'fence'>): Promise<Owned> {
    const { id } = record
    const [state, streams] = await Promise.all([store.state.all(id), store.state.streams(id)])
    const live = createLive(
      { ...context, store: fencedStore },
      { record, fence: lease.fence, held: membership.held, state, streams, onFenced: () => lose(id) },
    )
    const entry = { live, record, ...lease }
    owned.set(id, entry)
    live.wake()
    return entry
  }

  function lose(id: string): void {
    drop(id)
    spread.doubt()
  }

  /** Another instance has it, or may have it by now: nothing is written, the socket goes without a goodbye. */
  function drop(id: string): void {
    const entry = owned.get(id)
    if (!entry) return
    owned.delete(id)
    log.warn({ session: id, event: 'lease.lost' }, 'The session was given up')
    entry.live.abandon({ acks: 0 }).catch(() => {}) // its sockets are gone either way
  }

  // ---- elsewhere

  /** Leaves it as it is for the first of the heirs that hears. */
  function handOver(id: string, heirs: readonly string[]): Promise<void> {
    const entry = owned.get(id)
    if (!entry || moving.has(id)) return Promise.resolve()
    return move(id, async () => {
      try {
        await entry.live.finished(FINISH_WITHIN)
        await entry.live.abandon({ acks: ACKS_WITHIN })
      } finally {
        await release(id)
      }
      for (const heir of heirs) if (await instances.note(heir, id, 'free')) return
    }).catch((error) => {
      spread.doubt()
      log.warn({ session: id, event: 'lease.hand-over-failed', err: error }, 'A session could not be handed over')
    })
  }

  async function release(id: string): Promise<void> {
    const entry = owned.get(id)
    owned.delete(id)
    if (entry) await store.leases.release(id, entry.name, entry.fence)
  }

  /** It is gone, or written by a version that this one does not know and another instance may. */
  async function giveUp(id: string): Promise<void> {
    const entry = owned.get(id)
    drop(id)
    if (entry) await store.leases.release(id, entry.name, entry.fence)
  }

  /** A few of the own sessions at each beat: notes may have been lost, or the session be gone. */
  function lookAtSome(): void {
    if (!store.durable) return
    const ids = [...owned.keys()]
    round = (round + 1) % BEATS_PER_ROUND
    for (let index = round; index < ids.length; index += BEATS_PER_ROUND) void lookAt(ids[index] as string).catch(() => {})
  }

  async function lookAt(id: string): Promise<void> {
    const kept = await store.sessions.get(id)
    if (!kept) return await giveUp(id)
    adopt(kept.record)
    owned.get(id)?.live.wake()
  }

  function adopt(record: SessionRecord): void {
    const entry = owned.get(record.id)
    if (!entry || entry.record.version === record.version) return
    entry.record = record
    entry.live.changed(record)
  }

  // ---- what others ask

  async function heard(id: string, note: Note): Promise<void> {
    if (note === 'free') return spread.offered(id)
    const entry = current(id)
    if (note === 'accepted') return entry?.live.wake()
    const kept = entry && (await store.sessions.get(id))
    if (kept) adopt(kept.record)
  }

  const whole: Record<string, (entry: Owned, args: { status?: string }) => Promise<void>> = {
    async 'session.restart'({ live, record, name, fence }) {
      await live.abandon({ acks: ACKS_WITHIN })
      await bringUp(record, { name, fence })
    },
    async 'session.end'({ record, live }, options) {
      await live.close(options)
      await release(record.id)
    },
  }

  async function run({ session, command, args }: Question, options: AskOptions): Promise<unknown> {
    const entry = current(session)
    if (!entry) throw between()
    const ofWhole = whole[command]
    return ofWhole ? await ofWhole(entry, args as { status?: string }) : await entry.live.perform(command, args, options)
  }

  /** What is owned, unless it may be another's by now: the timer that gives it up may not have run yet. */
  const current = (id: string) => (membership.held() ? owned.get(id) : undefined)

  /** A command about the whole session: by its owner, or here when it has none. */
  async function wherever(id: string, command: 'session.restart' | 'session.end', args: { status?: string }): Promise<void> {
    const question = { session: id, command, args }
    const options = { timeout: WHOLE_WITHIN, repeatable: true }
    const other = current(id) ? undefined : await store.leases.owner(id)
    if (other !== undefined && other !== membership.self && (await isThere(other))) await instances.ask(other, question, options)
    else if (await take(id)) await run(question, options)
    else throw between()
  }

  async function isThere(owner: string): Promise<boolean> {
    if (owner === membership.self) return true
    if (!(await instances.hears(owner))) return false
    return membership.members.has(owner) || (await membership.look()).has(owner)
  }

  /** Until its owner heard it; a session that has none is looked at by the next one. */
  async function wake(id: string): Promise<void> {
    for (let tries = 0; tries < WAKES; tries += 1) {
      const owner = await store.leases.owner(id)
      if (owner === membership.self) return current(id)?.live.wake()
      if (owner === undefined || (await instances.note(owner, id, 'accepted'))) return
      await delay(WAKE_AGAIN, undefined, { ref: false })
    }
  }

  /** once */
  function leave(): Promise<void> {
    left ??= leaveAll()
    return left
  }

  async function leaveAll(): Promise<void> {
    stopping = true
    spread.stop()
    // the others know, and it is known who they are
    await membership.beat()
    await Promise.allSettled(moving.values())
    const part = async (id: string, { live }: Owned) => {
      // in memory nobody can take it up again, so contacts are told; else the next owner resumes the stream
      if (store.durable) return await handOver(id, spread.heirs(id))
      await live.finished(FINISH_WITHIN)
      await live.close({})
      await release(id)
    }
    const all = Promise.allSettled([...owned].map(([id, entry]) => part(id, entry)))
    const limit = new AbortController()
    try {
      await Promise.race([all, delay(STOP_WITHIN, undefined, { signal: limit.signal })])
    } finally {
      limit.abort()
    }
  }

  return {
    get: current,
    async create(record, status) {
      if (!membership.held()) throw new Problem('store-unavailable', 'This instance cannot take up sessions now.', { retryAfter: 2 })
      return await store.sessions.create(record, status, membership.self)
    },
    take,
    restart: (id) => wherever(id, 'session.restart', {}),
    end: (id, options) => wherever(id, 'session.end', options),
    async changed(record) {
      if (owned.has(record.id)) return adopt(record)
      const other = await store.leases.owner(record.id)
      if (other !== undefined) await instances.note(other, record.id, 'changed')
    },
    isThere,
    accepted(id, records) {
      const here = current(id)
      if (here) here.live.accepted(records)
      else wake(id).catch(() => {}) // its owner looks by itself now and then
    },
    async ask(question, options, owner) {
      const other = owner ?? (await store.leases.owner(question.session))
      if (other === undefined) return undefined
      if (other === membership.self) throw between()
      return { result: await instances.ask(other, question, options) }
    },
    start: membership.start,
    leave,
    async stop() {
      await leave()
      instances.stop()
      await membership.stop().catch(() => {}) // it is gone in 15 s by itself
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
