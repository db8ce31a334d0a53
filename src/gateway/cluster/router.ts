import { setTimeout as delay } from 'node:timers/promises'
import { sessionBetween } from '../../errors/refusals.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import type { Live, LiveContext } from '../session/live-session.ts'
import { createBalancer } from './balancer.ts'
import type { MakeLive, Owned } from './bring-up.ts'
import { type AskOptions, createInstances, type Note, type Question } from './calls.ts'
import { createHandOver } from './hand-over.ts'
import { createHeartbeat } from './heartbeat.ts'
import { createKeyHolders, OPENS } from './key-holders.ts'
import { createOwnedSessions, type OwnedSessions } from './owned-sessions.ts'
import { createOwnerLiveness } from './owner-liveness.ts'
import { createUpkeep } from './upkeep.ts'

/** ms that ending or restarting a session elsewhere may take */
const WHOLE_WITHIN = 10_000
/** ms between two tries to wake an owner that did not hear, and how many */
const WAKE_AGAIN = 1_000
const WAKES = 5

export interface Router {
  get(id: string): Owned | undefined
  /** Makes a session that is this instance's from the start, or finds the one there is. */
  make: OwnedSessions['make']
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
  /** the sessions that are here */
  sessions(): Live[]
}

/** Which instance has which session, and the way to each (one owner per session at any time). */
export function createRouter(context: LiveContext, makeLive: MakeLive): Router {
  const { store, clock, instance, log } = context
  let leaving: Promise<void> | undefined

  const heartbeat = createHeartbeat({
    store,
    clock,
    instance,
    load: () => (leaving ? null : owned.all.size),
    log,
    onLost() {
      instances.forget()
      for (const id of [...owned.all.keys()]) owned.drop(id)
      balancer.doubt()
    },
    onBeat(gone) {
      instances.listen(heartbeat.self)
      for (const name of gone) instances.lost(name)
      balancer.beat(gone)
      upkeep()
    },
  })
  const instances = createInstances({ bus: store.bus, run, hear: (id, note) => void heard(id, note).catch(() => {}) }) // a note that is lost is found by the next look
  const keyHolders = createKeyHolders({ seal: context.seal, ask: instances.ask })
  const owned = createOwnedSessions({
    context,
    makeLive,
    heartbeat,
    offer: (heir, id) => instances.note(heir, id, 'free'),
    elsewhere: (record) => keyHolders.elsewhere(record, balancer.heirs(record.id)),
    onDoubt: () => balancer.doubt(),
  })
  const balancer = createBalancer({
    store,
    clock,
    heartbeat,
    count: () => owned.all.size,
    isHere: owned.isHere,
    take: owned.takeUp,
    *movable() {
      for (const [id, { live }] of owned.all) if (!owned.isMoving(id) && live.isQuiet()) yield id
    },
    give: (id, heir) => void handOver.give(id, heir),
    onError: (error) => log.warn({ event: 'lease.look-failed', err: error }, 'The store did not answer a look for free sessions'),
  })

  const isAlive = createOwnerLiveness({ instances, heartbeat })
  const upkeep = createUpkeep({ store, owned })
  const handOver = createHandOver({ store, owned, heirs: balancer.heirs, keyHolders })

  // ---- what others ask

  async function heard(id: string, note: Note): Promise<void> {
    if (note === 'free') return balancer.offered(id)
    const entry = owned.get(id)
    if (note === 'accepted') return entry?.live.wake()
    const kept = entry && (await store.sessions.get(id))
    if (kept) await handOver.adopt(kept.record)
  }

  const whole: Record<string, (entry: Owned, args: { status?: string }) => Promise<void>> = {
    'session.restart': ({ record }) => owned.restart(record.id),
    'session.end': ({ record }, options) => owned.end(record.id, options),
  }

  async function run(question: Question, options: AskOptions): Promise<unknown> {
    const { session, command, args } = question
    if (command === OPENS) return keyHolders.answer(args)
    const entry = owned.get(session)
    if (!entry) throw sessionBetween()
    const ofWhole = whole[command]
    return ofWhole ? await ofWhole(entry, args as { status?: string }) : await entry.live.perform(question, options)
  }

  // ---- what is asked of others

  /** A command about the whole session: by its owner, or here when it has none. */
  async function wherever(id: string, command: 'session.restart' | 'session.end', args: { status?: string }): Promise<void> {
    const question = { session: id, command, args }
    const options = { timeout: WHOLE_WITHIN, repeatable: true }
    const other = owned.get(id) ? undefined : await store.leases.owner(id)
    if (other !== undefined && other !== heartbeat.self && (await isAlive(other))) await instances.ask(other, question, options)
    else if (await owned.take(id)) await run(question, options)
    else throw sessionBetween()
  }

  /** Until its owner heard it; a session that has none is looked at by the next one. */
  async function wake(id: string): Promise<void> {
    for (let tries = 0; tries < WAKES; tries += 1) {
      const owner = await store.leases.owner(id)
      if (owner === heartbeat.self) return owned.get(id)?.live.wake()
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
    balancer.stop()
    const settled = owned.close()
    // the others know, and it is known who they are
    await heartbeat.beat()
    await settled
    await handOver.all()
  }

  return {
    get: owned.get,
    make: owned.make,
    restart: (id) => wherever(id, 'session.restart', {}),
    end: (id, options) => wherever(id, 'session.end', options),
    async changed(record) {
      if (owned.all.has(record.id)) return void handOver.adopt(record)
      const other = await store.leases.owner(record.id)
      if (other !== undefined) await instances.note(other, record.id, 'changed')
    },
    isOwned: async (id, owner) => (owner === heartbeat.self ? owned.isHere(id) : await isAlive(owner)),
    accepted(id, ...what) {
      const here = owned.get(id)
      if (here) here.live.accepted(...what)
      else wake(id).catch(() => {}) // its owner looks by itself now and then
    },
    async ask(question, options, owner) {
      const other = owner ?? (await store.leases.owner(question.session))
      if (other === undefined) return undefined
      if (other === heartbeat.self) throw sessionBetween()
      return { result: await instances.ask(other, question, options) }
    },
    start: heartbeat.start,
    leave,
    async stop() {
      await leave()
      instances.forget()
      instances.stop()
      await heartbeat.stop().catch(() => {}) // it is gone in 15 s by itself
    },
    sessions: () => [...owned.all.values()].map(({ live }) => live),
  }
}
