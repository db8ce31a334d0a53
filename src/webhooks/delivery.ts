/** One event on its way to one consumer: one try, and what comes of it. */
import { traceHeaders } from '../api/trace.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Tracing } from '../gateway/ports/tracing.ts'
import type { Attempt, Attempts } from './attempt.ts'
import type { Backlog, Item } from './backlog.ts'
import type { Breaker } from './breaker.ts'
import type { Hook } from './hook.ts'
import { deliveryId, type Ledger } from './ledger.ts'
import { TRIED_FOR, waitAfter } from './schedule.ts'
import { signedHeaders } from './signature.ts'
import type { Source, Told } from './source.ts'
import { verdictOf } from './verdict.ts'

/** ms until an event is looked for again that could not be read */
const READ_AGAIN = 1_000

export interface DeliveryContext {
  store: Pick<Store, 'webhooks'>
  attempts: Pick<Attempts, 'make'>
  breaker: Breaker
  clock: Clock
  log: Log
  metrics: Metrics
  tracing: Tracing
  /** `stanzagate/<version>` */
  agent: string
  /** ms that events are in the log */
  eventLogAge: number
}

export interface Begun {
  backlog: Backlog
  ledger: Ledger
}

export function createDelivery({
  hook,
  session,
  key,
  source,
  signal,
  mayAct,
  isDetached,
  ofDead,
  ...context
}: DeliveryContext & {
  hook: Hook
  session: LiveSession
  /** of the place */
  key: string
  source: Pick<Source, 'told'>
  /** aborted: what comes of it is not this reader's business any more */
  signal: AbortSignal
  mayAct: () => boolean
  /** the session has ended, and its log goes */
  isDetached: () => boolean
  /** what is sent are dead letters */
  ofDead: boolean
}): (begun: Begun, item: Item) => Promise<void> {
  const { store, attempts, breaker, clock, log, metrics, tracing, agent, eventLogAge } = context
  const { webhooks } = store
  const of = { session: session.record.id, tenant: session.record.tenant }

  async function send({ id, type }: Item, { text: body, trace }: Told, now: number): Promise<Attempt> {
    const attributes = { 'stanzagate.session': of.session, 'stanzagate.webhook': hook.id, 'stanzagate.event': type }
    const span = trace && tracing.begin('delivery', { parent: trace, attributes })
    const headers = {
      'user-agent': agent,
      ...hook.headers,
      'content-type': 'application/cloudevents+json',
      ...(trace && traceHeaders(span?.trace ?? trace)),
      ...signedHeaders({ id, at: now, body, keys: hook.keys(now) }),
    }
    const attempt = await attempts.make({ url: hook.record.url, headers, body }, { signal })
    const { status, error } = attempt
    span?.end({
      fault: error && String(status ?? 'no-answer'),
      ...(status !== undefined && { attributes: { 'http.response.status_code': status } }),
    })
    if (!signal.aborted) metrics.observe('webhook_duration_seconds', attempt.ms / 1000)
    return attempt
  }

  /** Those of an owner before are in the row that it wrote. */
  async function recall(item: Item): Promise<void> {
    if (item.tries === 0 || item.attempts !== undefined) return
    const row = await webhooks.row(hook.tenant, hook.id, deliveryId(key, item.id)).catch(() => undefined)
    item.attempts = row?.attempts ?? []
  }

  function arrived({ backlog, ledger }: Begun, item: Item): void {
    if (ofDead) ledger.alive(item)
    if (backlog.settle(item)) ledger.over(item)
  }

  function died({ backlog, ledger }: Begun, item: Item, text: string | undefined, reason: string): void {
    log.warn({ event: 'webhook.dead', webhook: hook.id, ...of, type: item.type, reason }, 'An event was given up')
    ledger.dead({ ...item, text })
    if (backlog.settle(item)) ledger.over(item)
  }

  function failed({ backlog, ledger }: Begun, item: Item, text: string, due: number): void {
    backlog.fail(item, due)
    if (isDetached()) item.text = text
    ledger.tries(item)
    const forgottenAt = (item.time ?? Number.POSITIVE_INFINITY) + eventLogAge
    if (due >= forgottenAt && !item.isKept) ledger.keep(item, text)
  }

  /** The last try is when its time is over, unless the consumer wants to be left alone for longer. */
  function dueOf(item: Item, notBefore: number, now: number): number {
    const drawn = Math.min(now + waitAfter(item.tries + 1), item.firstTryAt! + TRIED_FOR)
    return Math.max(drawn, now + notBefore)
  }

  async function settle(begun: Begun, item: Item, text: string | undefined, attempt: Attempt, at: number): Promise<void> {
    const { status, error, ms, retryAfter } = attempt
    const now = clock.now()
    const verdict = verdictOf({ status, retryAfter, now })
    const isDead = text === undefined || (verdict.kind === 'again' && now - item.firstTryAt! >= TRIED_FOR)
    const state = verdict.kind === 'done' ? 'delivered' : isDead ? 'dead' : 'pending'
    metrics.count('webhook_deliveries_total', { result: state === 'pending' ? 'failed' : state })
    if (state === 'delivered') arrived(begun, item)
    else if (isDead) died(begun, item, text, error ?? '')
    else failed(begun, item, text, verdict.kind === 'again' ? dueOf(item, verdict.notBefore, now) : now)
    const told = { at, ...(status !== undefined && { status }), ...(error !== undefined && { error }), ms }
    begun.ledger.row(item, told, state)
    begun.ledger.moved()
    if (verdict.kind === 'done') await breaker.worked(hook, session)
    else if (verdict.kind === 'gone') await breaker.gone(hook, session)
    else if (text !== undefined) await breaker.failed(hook, session)
  }

  return async (begun, item) => {
    // null: it cannot be read now
    const told = await source.told(item).catch(() => null)
    if (told === null || !mayAct()) return begun.backlog.postpone(item, clock.now() + READ_AGAIN)
    const now = clock.now()
    item.firstTryAt ??= now
    const attempt = told === undefined ? { error: 'The log has forgotten the event.', ms: 0 } : await send(item, told, now)
    // another instance may have had it meanwhile, and makes the try anew
    if (signal.aborted || !(isDetached() || session.holdsLease())) return begun.backlog.postpone(item, 0)
    await recall(item)
    await settle(begun, item, told?.text, attempt, now)
  }
}
