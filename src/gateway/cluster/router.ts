import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../errors/problem.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Live, LiveContext } from '../session/live-session.ts'
import { createSpread } from './balancer.ts'
import { type AskOptions, createInstances, type Note, type Question } from './calls.ts'
import { createMembership } from './heartbeat.ts'
import { createOpeners, OPENS } from './openers.ts'
import { createHoldings, FINISH_WITHIN, type Holdings, type Owned } from './owned-sessions.ts'

export type { Owned } from './owned-sessions.ts'

/** ms that ending or restarting a session elsewhere may take */
const WHOLE_WITHIN = 10_000
/** ms that stopping may take in all */
const STOP_WITHIN = 15_000
/** ms between two tries to wake an owner that did not hear, and how many */
const WAKE_AGAIN = 1_000
const WAKES = 5
/** beats in which each session is looked at once, for what was noted to its owner and not heard */
const BEATS_PER_ROUND = 12
/** beats in which each session is tidied once, an hour: what is kept is kept for days */
const BEATS_PER_TIDYING = 720

export interface Owners {
  get(id: string): Owned | undefined
  /** Makes a session that is this instance's from the start, or finds the one there is. */
  make: Holdings['make']
  /** A fresh start wherever it lives, e.g. after its password was changed. */
  restart(id: string): Promise<void>
  /** its record was changed */
  changed(record: SessionRecord): Promise<void>
  /** Does this owner of the session, as it was read, live, and does it have it? */
  isOwned(id: string, owner: string): Promise<boolean>
  /** Messages were accepted for it, here or not: its owner is woken. */
  accepted(id: string, ...what: Parameters<Live['accepted']>): void
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

/** Which instance has which session, and the way to each (one owner per session at any time). */
export function createOwners(context: LiveContext): Owners {
  const { store, clock, instance, log } = context
  const asking = new Map<string, Promise<boolean>>()
  let leaving: Promise<void> | undefined
  let beats = 0

  const membership = createMembership({
    store,
    clock,
    instance,
    load: () => (leaving ? null : holdings.all.size),
    log,
    onLost() {
      instances.forget()
      for (const id of [...holdings.all.keys()]) holdings.drop(id)
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
  const openers = createOpeners({ seal: context.seal, ask: instances.ask })
  const holdings = createHoldings({
    context,
    membership,
    offer: (heir, id) => instances.note(heir, id, 'free'),
    elsewhere: (record) => openers.elsewhere(record, spread.heirs(record.id)),
    onDoubt: () => spread.doubt(),
  })
  const spread = createSpread({
    store,
    clock,
    membership,
    count: () => holdings.all.size,
    isHere: holdings.isHere,
    take: holdings.takeUp,
    *movable() {
      for (const [id, { live }] of holdings.all) if (!holdings.isMoving(id) && live.isQuiet()) yield id
    },
    give: (id, heir) => void give(id, heir),
    onError: (error) => log.warn({ event: 'lease.look-failed', err: error }, 'The store did not answer a look for free sessions'),
  })

  // ---- instances whose keys are others

  async function give(id: string, heir: string): Promise<void> {
    const entry = holdings.get(id)
    if (entry && (await openers.can(heir, entry.record)) !== false) await holdings.handOver(id, [heir, ...spread.heirs(id)])
  }

  /** It goes to an instance that can open what it logs in with, where this one cannot: at the next log-in it would be too late. */
  async function adopt(record: SessionRecord): Promise<void> {
    holdings.adopt(record)
    const heir = holdings.get(record.id) && (await openers.elsewhere(record, spread.heirs(record.id)))
    if (heir !== undefined) await holdings.handOver(record.id, [heir])
  }

  /** A few of the own sessions at each beat: notes may have been lost, the session be gone, or be too quiet to drop what is old. */
  function lookAtSome(): void {
    if (!store.durable) return
    beats += 1
    for (const [index, id] of [...holdings.all.keys()].entries()) {
      if (index % BEATS_PER_ROUND === beats % BEATS_PER_ROUND) void holdings.look(id).catch(() => {})
      if (index % BEATS_PER_TIDYING === beats % BEATS_PER_TIDYING) void store.sessions.tidy(id).catch(() => {})
    }
  }

  // ---- what others ask

  async function heard(id: string, note: Note): Promise<void> {
    if (note === 'free') return spread.offered(id)
    const entry = holdings.get(id)
    if (note === 'accepted') return entry?.live.wake()
    const kept = entry && (await store.sessions.get(id))
    if (kept) await adopt(kept.record)
  }

  const whole: Record<string, (entry: Owned, args: { status?: string }) => Promise<void>> = {
    'session.restart': ({ record }) => holdings.restart(record.id),
    'session.end': ({ record }, options) => holdings.end(record.id, options),
  }

  async function run(question: Question, options: AskOptions): Promise<unknown> {
    const { session, command, args } = question
    if (command === OPENS) return openers.answer(args)
    const entry = holdings.get(session)
    if (!entry) throw between()
    const ofWhole = whole[command]
    return ofWhole ? await ofWhole(entry, args as { status?: string }) : await entry.live.perform(question, options)
  }

  // ---- what is asked of others

  /** A command about the whole session: by its owner, or here when it has none. */
  async function wherever(id: string, command: 'session.restart' | 'session.end', args: { status?: string }): Promise<void> {
    const question = { session: id, command, args }
    const options = { timeout: WHOLE_WITHIN, repeatable: true }
    const other = holdings.get(id) ? undefined : await store.leases.owner(id)
    if (other !== undefined && other !== membership.self && (await isThere(other))) await instances.ask(other, question, options)
    else if (await holdings.take(id)) await run(question, options)
    else throw between()
  }

  /** Asked once for all who want to know at one time: a list of sessions has few owners. */
  function isThere(owner: string): Promise<boolean> {
    const under = asking.get(owner) ?? isAlive(owner).finally(() => asking.delete(owner))
    asking.set(owner, under)
    return under
  }

  async function isAlive(owner: string): Promise<boolean> {
    if (!(await instances.hears(owner))) return false
    return membership.members.has(owner) || (await membership.look()).has(owner)
  }

  /** Until its owner heard it; a session that has none is looked at by the next one. */
  async function wake(id: string): Promise<void> {
    for (let tries = 0; tries < WAKES; tries += 1) {
      const owner = await store.leases.owner(id)
      if (owner === membership.self) return holdings.get(id)?.live.wake()
      if (owner === undefined || (await instances.note(owner, id, 'accepted'))) return
      await delay(WAKE_AGAIN, undefined, { ref: false })
    }
  }

  // ---- the end

  /** once */
  function leave(): Promise<void> {
    leaving ??= leaveAll()
    return leaving
  }

  async function leaveAll(): Promise<void> {
    spread.stop()
    const settled = holdings.close()
    // the others know, and it is known who they are
    await membership.beat()
    await settled
    const part = async (id: string, { live, record }: Owned) => {
      // in memory nobody can take it up again, so contacts are told; else the next owner resumes the stream
      if (store.durable) return await holdings.handOver(id, await openers.sorted(record, spread.heirs(id)))
      await live.finished(FINISH_WITHIN)
      await holdings.end(id, {})
    }
    const all = Promise.allSettled([...holdings.all].map(([id, entry]) => part(id, entry)))
    const limit = new AbortController()
    try {
      await Promise.race([all, delay(STOP_WITHIN, undefined, { signal: limit.signal })])
    } finally {
      limit.abort()
    }
  }

  return {
    get: holdings.get,
    make: holdings.make,
    restart: (id) => wherever(id, 'session.restart', {}),
    end: (id, options) => wherever(id, 'session.end', options),
    async changed(record) {
      if (holdings.all.has(record.id)) return void adopt(record)
      const other = await store.leases.owner(record.id)
      if (other !== undefined) await instances.note(other, record.id, 'changed')
    },
    isOwned: async (id, owner) => (owner === membership.self ? holdings.isHere(id) : await isThere(owner)),
    accepted(id, ...what) {
      const here = holdings.get(id)
      if (here) here.live.accepted(...what)
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
      instances.forget()
      instances.stop()
      await membership.stop().catch(() => {}) // it is gone in 15 s by itself
    },
    count() {
      const states = new Map<string, number>()
      for (const { live } of holdings.all.values()) {
        const { state } = live.status()
        states.set(state, (states.get(state) ?? 0) + 1)
      }
      return states
    },
    lives: () => [...holdings.all.values()].map(({ live }) => live),
  }
}

const between = () => new Problem('session-offline', 'The session is being taken up by an instance.', { retryAfter: 1 })
