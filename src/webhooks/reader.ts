/** One webhook and one session: reads the log from its place on, and sends what is wanted as the order and the answers allow. */
import { hash } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { cursorOf } from '../events/cursor.ts'
import { createFrame } from '../events/frame.ts'
import type { TailPage, Tails } from '../events/tail.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Attempt, Attempts } from './attempt.ts'
import { type Backlog, createBacklog, type Item } from './backlog.ts'
import type { Breaker } from './breaker.ts'
import type { Due } from './due.ts'
import type { Hook } from './hook.ts'
import { deadLetters, keyOfTry, SIDES_MAX, webhookPlaces, webhookTries } from './kinds.ts'
import { createLedger, deliveryId, type Ledger } from './ledger.ts'
import { TRIED_FOR, waitAfter } from './schedule.ts'
import { signedHeaders } from './signature.ts'
import type { Slots } from './slots.ts'
import { verdictOf } from './verdict.ts'

/** events read at one time */
const PAGE = 64
/** events past which a place that moved without a delivery is stored */
const STORED_EACH = 50
/** ms between tries while the store is away, or another one probes */
const RETRY = 1_000
const PROBE_AGAIN = 5_000
/** ms that a probe may hold the others off: longer than a try takes */
const PROBE_WITHIN = 20_000
/** ms that the events of a session which has ended are tried */
const ENDED_FOR = 24 * 3_600_000
/** events of such a session that are kept for that */
const ENDED_MAX = 1_000

export interface ReaderContext {
  store: Pick<Store, 'log' | 'webhooks'>
  tails: Pick<Tails, 'read'>
  attempts: Pick<Attempts, 'make'>
  slots: Slots
  due: Due<Reader>
  breaker: Breaker
  clock: Clock
  log: Log
  metrics: Metrics
  /** `stanzagate/<version>` */
  agent: string
}

export interface Reader {
  /** the log may have grown, or the webhook be another */
  wake(): void
  /** the consumer is back: what waits is tried now */
  resume(): void
  /** No more begins. Resolves when what is under way is over and written, or after so many ms, when it is cut. */
  stop(within: number): Promise<void>
  /** the session has ended: what is left is sent from memory, until all is or a day is over */
  detach(): void
}

export function createReader({
  hook,
  session,
  key,
  onDone,
  ...context
}: ReaderContext & {
  hook: Hook
  session: LiveSession
  /** of its place: the webhook's id, or a replay of it */
  key: string
  /** a replay came to its end, or nothing is left of a session that has ended */
  onDone: () => void
}): Reader {
  const { store, tails, attempts, slots, due, breaker, clock, log, metrics } = context
  const of = { session: session.record.id, tenant: session.record.tenant }
  const { replay } = session.state.get(webhookPlaces, key) ?? {}
  const dead = replay && 'dead' in replay ? replay.dead : undefined
  const until = replay && 'until' in replay ? replay.until : undefined
  const cut = new AbortController()
  let begun: { backlog: Backlog; ledger: Ledger } | undefined
  let wakes = 0
  let seen = -1
  let passed = 0
  let running = false
  let again = false
  let stopped = false
  let detachedAt: number | undefined
  /** nothing more is read */
  let isWhole = dead !== undefined
  const flights = new Set<Promise<void>>()

  const isFailing = () => hook.record.state === 'failing'
  const rule = () => ({ strict: hook.record.ordering === 'strict' || replay !== undefined, probe: isFailing() })
  const mayAct = () => !stopped && hook.record.state !== 'disabled' && (detachedAt !== undefined || session.held())
  const go = () => {
    if (!stopped) void run()
  }
  const at = (time: number) => due.at(reader, clock.monotonic() + Math.max(time - clock.now(), 0), go)
  const read = (after: string | undefined, limit: number) => tails.read(of, after === undefined ? undefined : cursorOf(after), limit)

  // ---- what there is

  async function begin(): Promise<{ backlog: Backlog; ledger: Ledger }> {
    const kept = session.state.get(webhookPlaces, key)
    const { after, startsAt, createdAt } = hook.record
    const start = kept ? kept.after : (after ?? (await store.log.since(of.session, startsAt ?? createdAt)))
    const backlog = createBacklog({ after: start, done: kept?.done ?? [] })
    const tries = [...session.state.all(webhookTries)].filter(([name]) => name.startsWith(`${key} `))
    for (const [name, { due: time, ...item }] of tries.sort(([, one], [, other]) => one.firstTryAt - other.firstTryAt))
      backlog.wait({ ...item, id: name.slice(key.length + 1), due: time, isOwn: item.text !== undefined })
    if (dead !== undefined)
      backlog.add(
        lettersOf(session, hook.id).filter(({ id }) => dead === true || dead === id),
        '',
      )
    const ledger = createLedger({ key, hook, session, backlog, replay, webhooks: store.webhooks, writable: () => detachedAt === undefined })
    return { backlog, ledger }
  }

  async function readMore({ backlog, ledger }: NonNullable<typeof begun>): Promise<void> {
    const version = wakes
    const page = await read(backlog.read, PAGE)
    const items = itemsOf(page, backlog.read)
    const wanted = items.filter(hook.wants)
    backlog.add(wanted, page.next)
    if (replay && (page.end || items.some(({ id }) => id === until))) isWhole = true
    if (page.end) seen = version
    passed += items.length
    if (wanted.length > 0 || passed < STORED_EACH) return
    passed = 0
    ledger.moved()
  }

  function itemsOf(page: Omit<TailPage, 'version'>, after: string | undefined): Item[] {
    const items: Item[] = page.gap ? [gapOf(page.gap, clock.now(), of.session)] : []
    let before = page.gap?.to ?? after ?? '0'
    for (const frame of page.frames) {
      const { id, type } = frame.event
      items.push({ id, type, before, text: frame.text, tries: 0, due: 0 })
      before = id
      if (id === until) break
    }
    return items
  }

  /** The CloudEvent of one that waited; undefined: the log has forgotten it. */
  async function textOf({ id, before, text }: Item): Promise<string | undefined> {
    const kept = text ?? session.state.get(deadLetters, keyOfTry(hook.id, id))?.text
    if (kept !== undefined) return kept
    const { frames } = await read(before, 1)
    return frames[0]?.event.id === id ? frames[0].text : undefined
  }

  // ---- what begins

  async function run(): Promise<void> {
    if (running) {
      again = true
      return
    }
    running = true
    try {
      do {
        again = false
        begun ??= await begin()
        await advance(begun)
      } while (again && mayAct())
    } catch (error) {
      if (error instanceof Problem && error.code === 'session-not-found') finish()
      else {
        if (!(error instanceof Problem))
          log.error({ event: 'webhook.error', webhook: hook.id, ...of, err: error }, 'A webhook could not go on')
        at(clock.now() + RETRY)
      }
    } finally {
      running = false
    }
  }

  async function advance(now: NonNullable<typeof begun>): Promise<void> {
    const { backlog } = now
    while (mayAct() && hook.keys(clock.now()).length > 0) {
      if (isFailing() && hook.prober !== undefined && hook.prober !== reader) return putBack(backlog)
      const room = session.state.all(webhookTries).size < SIDES_MAX
      const item = backlog.next(clock.now(), { ...rule(), room })
      if (item === undefined) {
        if (backlog.isHungry() && !isWhole && seen !== wakes && !isAlone(backlog)) {
          await readMore(now)
          continue
        }
        const time = backlog.due(rule())
        if (time !== undefined) at(time)
        if (isWhole && backlog.isHungry() && backlog.side.size === 0 && backlog.flying === 0) finish()
        return
      }
      if (isFailing() && !(await mayProbe())) return putBack(backlog)
      if (!slots.take(hook.id, hook.host)) {
        slots.wait(hook.host, go)
        return putBack(backlog)
      }
      backlog.begin(item)
      const flight = fly(now, item).finally(() => {
        slots.leave(hook.id, hook.host)
        flights.delete(flight)
        go()
      })
      flights.add(flight)
    }
  }

  /** What was read is not kept while nothing of it may begin. */
  function putBack(backlog: Backlog): void {
    if (dead !== undefined || detachedAt !== undefined) return
    backlog.drop()
    seen = -1
    isWhole = false
  }

  /** strictly, one that waits holds up all that is behind it */
  const isAlone = ({ side, flying }: Backlog) => (rule().strict || rule().probe) && side.size + flying > 0

  async function mayProbe(): Promise<boolean> {
    hook.prober = reader
    if (await store.webhooks.probe(hook.tenant, hook.id, of.session, PROBE_WITHIN)) return true
    at(clock.now() + PROBE_AGAIN)
    return false
  }

  // ---- one try and what comes of it

  async function fly({ backlog, ledger }: NonNullable<typeof begun>, item: Item): Promise<void> {
    const probes = isFailing()
    const text = await textOf(item).catch(() => null)
    if (text === null || !mayAct()) return backlog.postpone(item, clock.now() + RETRY)
    const begunAt = clock.now()
    item.firstTryAt ??= begunAt
    const attempt: Attempt = text === undefined ? { error: 'The log has forgotten the event.', ms: 0 } : await send(item, text, begunAt)
    if (cut.signal.aborted) return backlog.postpone(item, 0)
    if (item.tries > 0 && item.attempts === undefined) {
      const row = await store.webhooks.row(hook.tenant, hook.id, deliveryId(key, item.id)).catch(() => undefined)
      item.attempts = row?.attempts ?? []
    }
    await settle({ backlog, ledger }, item, text, attempt, begunAt)
    if (probes) await store.webhooks.probed(hook.tenant, hook.id, of.session).catch(() => {})
  }

  async function send({ id }: Item, body: string, begunAt: number): Promise<Attempt> {
    const headers = {
      'user-agent': context.agent,
      ...hook.headers,
      'content-type': 'application/cloudevents+json',
      ...signedHeaders({ id, at: begunAt, body, keys: hook.keys(begunAt) }),
    }
    const attempt = await attempts.make({ url: hook.record.url, headers, body }, { signal: cut.signal })
    if (!cut.signal.aborted) metrics.observe('webhook_duration_seconds', attempt.ms / 1000)
    return attempt
  }

  async function settle(
    now: NonNullable<typeof begun>,
    item: Item,
    text: string | undefined,
    attempt: Attempt,
    begunAt: number,
  ): Promise<void> {
    const { backlog, ledger } = now
    const { status, error, ms, retryAfter } = attempt
    const told = { at: begunAt, ...(status !== undefined && { status }), ...(error !== undefined && { error }), ms }
    const verdict = verdictOf({ status, retryAfter, now: clock.now() })
    const isDead = text === undefined || (verdict.kind === 'again' && clock.now() - item.firstTryAt! >= TRIED_FOR)
    metrics.count('webhook_deliveries_total', { result: verdict.kind === 'done' ? 'delivered' : isDead ? 'dead' : 'failed' })
    if (verdict.kind === 'done' || isDead) {
      if (isDead) {
        ledger.dead({ ...item, text })
        log.warn({ event: 'webhook.dead', webhook: hook.id, ...of, type: item.type, reason: error ?? '' }, 'An event was given up')
      } else if (dead !== undefined) ledger.alive(item)
      if (backlog.settle(item)) ledger.over(item)
      ledger.row(item, told, isDead ? 'dead' : 'delivered')
    } else {
      const wait = verdict.kind === 'gone' ? 0 : Math.max(waitAfter(item.tries + 1), verdict.notBefore)
      backlog.fail(item, clock.now() + wait)
      if (detachedAt !== undefined) item.text = text
      ledger.tries(item)
      ledger.row(item, told, 'pending')
    }
    ledger.moved()
    if (verdict.kind === 'done') await breaker.worked(hook, session)
    else if (verdict.kind === 'gone') await breaker.gone(hook, session)
    else if (text !== undefined) await breaker.failed(hook, session)
  }

  // ---- the outside

  function wake(): void {
    wakes += 1
    go()
  }

  function leaveProbe(): void {
    if (hook.prober !== reader) return
    hook.prober = undefined
    for (const other of hook.readers) if (other !== reader) other.wake()
  }

  /** Nothing of it is left to do, ever. */
  function finish(): void {
    if (stopped) return
    stopped = true
    due.forget(reader)
    if (replay) begun?.ledger.remove()
    hook.readers.delete(reader)
    leaveProbe()
    onDone()
  }

  async function keepRest(): Promise<void> {
    begun ??= await begin()
    const { backlog } = begun
    for (const item of backlog.side.values()) item.text ??= await textOf(item)
    for (let kept = 0; !isWhole && kept < ENDED_MAX; ) {
      const page = await read(backlog.read, PAGE)
      const wanted = itemsOf(page, backlog.read).filter(hook.wants)
      backlog.add(wanted, page.next)
      kept += wanted.length
      isWhole = page.end
    }
    isWhole = true
  }

  const reader: Reader = {
    wake,
    resume() {
      begun?.backlog.hurry()
      if (!isFailing()) hook.prober = undefined
      wake()
    },
    async stop(within) {
      stopped = true
      due.forget(reader)
      hook.readers.delete(reader)
      leaveProbe()
      const all = Promise.allSettled([...flights])
      const timer = setTimeout(() => cut.abort(), within)
      await all
      clearTimeout(timer)
      await begun?.ledger.flush()
    },
    detach() {
      detachedAt = clock.now()
      const since = detachedAt
      keepRest().then(go, finish)
      const over = setInterval(() => {
        if (!stopped && clock.now() - since < ENDED_FOR) return
        clearInterval(over)
        finish()
      }, 60_000).unref()
    },
  }
  hook.readers.add(reader)
  return reader
}

/** A gap in the log, told like an event of it; whoever tells it anew tells it under the same id. */
function gapOf(gap: NonNullable<TailPage['gap']>, time: number, session: string): Item {
  const id = `${gap.to}-${hash('sha256', JSON.stringify(gap)).slice(0, 18)}`
  const { text } = createFrame({ id, type: 'events.gap', time, data: gap }, session)
  return { id, type: 'events.gap', before: gap.from, text, tries: 0, due: 0, isOwn: true }
}

export function lettersOf(session: LiveSession, webhook: string): Item[] {
  const prefix = `${webhook} `
  return [...session.state.all(deadLetters)]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, { type, before }]) => ({ id: name.slice(prefix.length), type, before, tries: 0, due: 0 }))
}
