import { settledWithin } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import { sessionBetween, sessionNotFound } from '../errors/refusals.ts'
import type { Router } from './cluster/router.ts'
import { addressHandle } from './component/address-handle.ts'
import type { Command, CommandOptions, SessionHandle } from './contract/session.ts'
import type { StateKind } from './contract/state-kind.ts'
import { sessionOf } from './ids.ts'
import type { Acceptance, AcceptResult } from './ports/change.ts'
import type { Clock } from './ports/clock.ts'
import type { MessageRecord } from './ports/message.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord, SessionStatus } from './ports/session-record.ts'
import type { Store } from './ports/store.ts'
import type { Trace, Tracing } from './ports/tracing.ts'
import { createSecrets } from './secrets.ts'
import { ended, stopped } from './session/status.ts'
import { spanned } from './spanned.ts'

/** What operations hold of a session: reads go to the store, what needs the wire goes to the owner. */
export function createHandle(context: HandleContext): SessionHandle {
  const handle = ofWhole(context)
  return context.record.component
    ? addressHandle(handle, context.record.jid, () => context.router.get(context.record.id)?.live.session)
    : handle
}

interface HandleContext {
  record: SessionRecord
  /** who had it when the record was read, where that is known */
  owner?: string | undefined
  store: Store
  router: Router
  seal: Seal
  clock: Clock
  tracing: Tracing
}

function ofWhole({ record, owner, store, router, seal, clock, tracing }: HandleContext): SessionHandle {
  const { id } = record

  async function status(): Promise<SessionStatus> {
    const live = router.get(id)?.live
    if (live) return live.status()
    const { status: last, owner } = present(await store.sessions.get(id))
    if (ended.includes(last.state) || (owner !== undefined && (await router.isOwned(id, owner)))) return last
    // what its last owner wrote is no longer true: another one takes it up
    const reason = owner === undefined ? 'handed-over' : 'instance-lost'
    return { ...last, state: 'resuming', reason, since: last.lastVerifiedAt ?? last.since }
  }

  /** Throws session-stopped where it will not come online by itself. */
  async function mustLive(): Promise<void> {
    const state = router.get(id)?.live.state() ?? present(await store.sessions.get(id)).status.state
    if (ended.includes(state)) throw stopped(state)
  }

  /** Before it is there: whoever is told of it finds it by its id alone. */
  async function chosen(ids: readonly string[]): Promise<void> {
    const named = ids.filter((one) => sessionOf(one) === undefined)
    if (named.length > 0) await store.chosen.note(record.tenant, id, named)
  }

  async function take(acceptance: Acceptance): Promise<AcceptResult> {
    await mustLive()
    await chosen(acceptance.entries.map(({ entry }) => entry.id))
    const result = await store.outbox.accept(id, acceptance)
    if (result.kind === 'accepted') router.accepted(id, acceptance.entries, result.places)
    return result
  }

  return {
    record,
    secrets: createSecrets(seal, record),
    status,
    chosen,

    accept(acceptance) {
      const { trace, entries } = acceptance
      const attributes = { 'stanzagate.session': id, 'messaging.batch.message_count': entries.length }
      const span = trace && tracing.begin('accept', { parent: trace, attributes })
      return spanned(span, () => take(traced(acceptance, span?.trace ?? trace)), faultOf)
    },

    answered: ({ key, fingerprint }, answer) => store.idempotency.replace(id, key, fingerprint, answer),
    message: (message) => store.records.get(id, message),

    async awaitMessage(message, until, ms, signal) {
      const deadline = clock.monotonic() + ms
      let changed = Promise.withResolvers<void>()
      const wake = () => changed.resolve()
      const unwatch = store.log.watch(id, wake)
      signal.addEventListener('abort', wake)
      try {
        for (;;) {
          changed = Promise.withResolvers()
          const found: MessageRecord | undefined = await store.records.get(id, message)
          const left = deadline - clock.monotonic()
          if (!found || until.includes(found.status) || left <= 0 || signal.aborted) return found
          await settledWithin(left, changed.promise)
        }
      } finally {
        unwatch()
        signal.removeEventListener('abort', wake)
      }
    },

    // the kind says what its values are, as in memory
    state: async <Value>({ name }: StateKind<Value>, keys?: readonly string[]) =>
      (await store.state.read(id, name, keys)) as Map<string, Value>,
    stateKeys: ({ name }) => store.state.keys(id, name),
    async known<Value>(kind: StateKind<Value>, key: string) {
      const here = router.get(id)?.live
      if (here) return here.session.state.get(kind, key)
      return (await store.state.read(id, kind.name, [key])).get(key) as Value | undefined
    },
    keptIq: (iq) => store.iqs.get(id, iq),

    async perform<Args, Result>(
      { name, version = 1 }: Command<Args, Result>,
      args: Args,
      options: CommandOptions & { repeatable?: boolean },
    ) {
      const call = { session: id, command: name, version, as: options.as, args }
      const here = router.get(id)
      const answer = here ? { result: await here.live.perform(call, options) } : await router.ask(call, options, owner)
      // its name and version say what it comes to, here and on other instances
      if (answer) return answer.result as Result
      await mustLive()
      throw sessionBetween()
    },
  }
}

const faultOf = ({ kind }: AcceptResult) => (kind === 'accepted' || kind === 'replayed' ? undefined : kind)

/** Its records and events have the trace. */
function traced(acceptance: Acceptance, trace: Trace | undefined): Acceptance {
  const { entries, events } = acceptance
  if (trace === undefined) return acceptance
  for (const { record } of entries) record.trace = trace
  return { ...acceptance, events: events.map((event) => ({ ...event, trace })) }
}

/** What the store has of a session. It is not gone because only instances of another version can read it. */
export function present<Kept>(kept: Kept | null | undefined): Kept {
  if (kept === null) throw unreadable()
  if (kept === undefined) throw sessionNotFound()
  return kept
}

export const unreadable = () =>
  new Problem('store-unavailable', 'The session was written by another version of the gateway.', { retryAfter: 2 })
