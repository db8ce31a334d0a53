/** One webhook and one session: what is wanted of the log is sent, as the order, the answers and the room for requests allow. */
import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../errors/problem.ts'
import type { Tails } from '../events/tail.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Backlog } from './backlog.ts'
import { type Begun, createDelivery, type DeliveryContext } from './delivery.ts'
import type { Due } from './due.ts'
import { createFlights } from './flights.ts'
import type { Hook, Reader } from './hook.ts'
import { SIDES_MAX, webhookPlaces, webhookTries } from './kinds.ts'
import { createLedger } from './ledger.ts'
import { createProbing } from './probing.ts'
import { createReading } from './reading.ts'
import { createRepeat } from './repeat.ts'
import type { Slots } from './slots.ts'
import { createSource } from './source.ts'

/** ms between tries while the store is away, or another instance probes */
const RETRY = 1_000
const PROBE_AGAIN = 5_000
/** ms that the events of a session which has ended are tried */
const ENDED_FOR = 24 * 3_600_000

export interface ReaderContext extends DeliveryContext {
  store: Pick<Store, 'log' | 'webhooks'>
  tails: Pick<Tails, 'read'>
  slots: Slots
  due: Due<Reader>
}

interface ReaderParts extends ReaderContext {
  hook: Hook
  session: LiveSession
  /** of its place: the webhook's id, or a replay of it */
  key: string
  /** a replay came to its end, or nothing is left of a session that has ended */
  onDone: () => void
}

export function createReader({ hook, session, key, onDone, ...context }: ReaderParts): Reader {
  const { store, slots, due, clock, log } = context
  const { webhooks } = store
  const of = { session: session.record.id, tenant: session.record.tenant }
  const { replay } = session.state.get(webhookPlaces, key) ?? {}
  const ofDead = replay !== undefined && 'dead' in replay
  const cut = new AbortController()
  const source = createSource({ ...context, hook, session, key, log: store.log })
  const reading = createReading({ source, isFixed: ofDead })
  const isDetached = () => detachedAt !== undefined
  const deliver = createDelivery({ ...context, hook, session, key, source, signal: cut.signal, mayAct, isDetached, ofDead })
  const flights = createFlights({ hook, slots, go })
  let begun: Begun | undefined
  let stopped = false
  let detachedAt: number | undefined

  const isFailing = () => hook.record.state === 'failing'
  const rule = () => ({ strict: hook.record.ordering === 'strict' || replay !== undefined, probe: isFailing() })
  function mayAct(): boolean {
    return !stopped && hook.record.state !== 'disabled' && (isDetached() || session.holdsLease())
  }
  function go(): void {
    if (stopped) flights.passOn()
    else void run()
  }
  const at = (time: number) => due.at(reader, clock.monotonic() + Math.max(time - clock.now(), 0), go)

  async function begin(): Promise<Begun> {
    const backlog = await source.open()
    const ledger = createLedger({ key, hook, session, backlog, replay, webhooks, writable: () => !isDetached() })
    return { backlog, ledger }
  }

  const run = createRepeat({
    async step() {
      begun ??= await begin()
      // the log of a session that has ended goes
      if (isDetached() && !reading.isWhole()) await reading.finish(begun.backlog)
      await advance(begun)
    },
    onTrouble,
    after: flights.passOn,
  })

  function onTrouble(error: unknown): void {
    const isAway = error instanceof Problem
    if (isAway && error.code === 'session-not-found') finish()
    else at(clock.now() + RETRY)
    if (!isAway) log.error({ event: 'webhook.error', webhook: hook.id, ...of, err: error }, 'A webhook could not go on')
  }

  /** Begins all that may begin now, and sees to it that this is called again. */
  async function advance(now: Begun): Promise<void> {
    const { backlog } = now
    if (detachedAt !== undefined) {
      if (clock.now() - detachedAt >= ENDED_FOR) return finish()
      at(detachedAt + ENDED_FOR)
    }
    while (mayAct() && hook.keys(clock.now()).length > 0) {
      if (isFailing() && probing.isOthers()) return reading.putBack(backlog)
      if (!flights.mayBegin()) return reading.putBack(backlog)
      const room = session.state.all(webhookTries).size < SIDES_MAX
      const item = backlog.next(clock.now(), { ...rule(), room })
      if (item === undefined) {
        if (!reading.may(backlog, rule().strict || rule().probe)) return rest(backlog)
        await reading.on(now)
        continue
      }
      if (isFailing() && !(await mayProbe())) return reading.putBack(backlog)
      // much may have happened meanwhile
      if (!mayAct() || !flights.mayBegin()) return reading.putBack(backlog)
      backlog.begin(item)
      const probes = isFailing()
      flights.begin(async () => {
        await deliver(now, item)
        if (probes) await probing.over()
      })
    }
  }

  /** Nothing may begin now. */
  function rest(backlog: Backlog): void {
    const time = backlog.due(rule())
    if (time !== undefined) at(time)
    if (!backlog.isHungry() || backlog.waits + backlog.flying > 0) return
    probing.leave()
    if (reading.isWhole()) finish()
  }

  async function mayProbe(): Promise<boolean> {
    if (await probing.begin()) return true
    at(clock.now() + PROBE_AGAIN)
    return false
  }

  /** No more begins here. */
  function end(): void {
    stopped = true
    due.forget(reader)
    hook.readers.delete(reader)
    probing.leave()
  }

  /** Nothing of it is left to do, ever. */
  function finish(): void {
    if (stopped) return
    end()
    if (replay) begun?.ledger.remove()
    onDone()
  }

  async function over(): Promise<void> {
    await flights.over()
    await begun?.ledger.flush()
  }

  const reader: Reader = {
    wake() {
      reading.woken()
      go()
    },
    resume() {
      begun?.backlog.hurry()
      probing.leave()
      reader.wake()
    },
    async stop(within) {
      end()
      const timer = new AbortController()
      await Promise.race([over(), delay(within, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
      cut.abort()
    },
    detach() {
      detachedAt = clock.now()
      go()
    },
  }
  const probing = createProbing({ hook, reader, webhooks, who: of.session })
  hook.readers.add(reader)
  return reader
}
