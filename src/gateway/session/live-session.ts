import type { Translator } from '../../codec/translate.ts'
import type { Turns } from '../../fair/turns.ts'
import type { TakenUp } from '../cluster/take-up.ts'
import type { LiveSession } from '../contract/session.ts'
import type { StateKinds } from '../contract/state-kind.ts'
import { createAppending } from '../inbound/appending.ts'
import { isCatchUpDue } from '../inbound/archive-marks.ts'
import type { LargeAnswers } from '../inbound/large-answers.ts'
import type { Quarantine } from '../inbound/quarantine.ts'
import { createInbound } from '../inbound/queue.ts'
import { createGate } from '../outbox/gate.ts'
import type { Load, Outbox } from '../outbox/outbox.ts'
import { createRecords } from '../outbox/recent-records.ts'
import type { StreamState } from '../ports/change.ts'
import type { Log } from '../ports/log.ts'
import type { SessionRecord, SessionState, SessionStatus } from '../ports/session-record.ts'
import { createAnnouncer } from './announcer.ts'
import { createBind } from './bind.ts'
import { type CallerWork, createCallerWork } from './caller-work.ts'
import { abandonSession, type EndingParts, endSession } from './ending.ts'
import { createCorrelator } from './iq-correlator.ts'
import { createJournal } from './journal.ts'
import { createKnowledge } from './knowledge.ts'
import type { Share } from './memory-share.ts'
import { createRaisedIqs } from './raised-iqs.ts'
import { createRepeated } from './repeated.ts'
import { createReports } from './reports.ts'
import { createResync } from './resync.ts'
import { createRewriting } from './rewriting.ts'
import { addressOf, createSession, identify } from './session.ts'
import { createStates } from './status.ts'
import { createStreamEvents, type StreamParts } from './stream-events.ts'
import { createStreams, type StreamsContext } from './streams.ts'
import { createUnread } from './unread.ts'
import { type KindOfSession, waysIn } from './ways-in.ts'

/** A session on the instance that owns it. */
export interface Live extends Omit<CallerWork, 'isIdle'> {
  readonly session: LiveSession
  state(): SessionState
  status(): SessionStatus
  /** the record was changed: connections, handles */
  changed(record: SessionRecord): void
  /** messages were accepted */
  wake(): void
  /** messages were accepted on this instance */
  accepted: Outbox['accepted']
  /** what is under way now */
  load(): Load & { iqs: number }
  /** ends the session: unavailable presence, acks awaited, streams closed, what is left in the outbox fails */
  close(options: { status?: string }): Promise<void>
  /** nothing is under way, and another owner could go on with its streams: nobody would see that it moved */
  isQuiet(): boolean
  /** Leaves it for another owner, sockets dropped without a goodbye, after `acks` ms at most for the server to acknowledge what was sent. */
  abandon(options: { acks: number }): Promise<void>
}

export interface LiveContext extends StreamsContext {
  vocabulary: Translator
  accounts: KindOfSession
  components: KindOfSession
  instance: string
  log: Log
  large: LargeAnswers
  /** how much a session remembers, by kind of state */
  kinds: StateKinds
  /** a session's part of the room for what all of them remember */
  share: () => Share
  quarantine: Quarantine
  /** of the work on what comes in */
  turns: Pick<Turns, 'wait'>
}

/** What an owner takes a session up with. */
export interface LiveStart {
  record: SessionRecord
  fence: string
  /** may it be acted for? false where another instance may have it by now */
  holdsLease: () => boolean
  state: TakenUp
  /** the state in which the owner before left it */
  lastState: SessionState
  streams: ReadonlyMap<number, StreamState>
  onFenced: () => void
}

/**
 * Makes the parts of a session, each of those that it needs. What is made last follows what is made first: the outbox and the connections
 * tell nobody anything until then.
 */
export const createLive = (context: LiveContext, start: LiveStart): Live => new LiveOnOwner(context, start)

type Parts = StreamParts & EndingParts & { work: CallerWork }

/** A class because there are thousands of sessions. */
class LiveOnOwner implements Live {
  readonly session: LiveSession
  readonly #parts: Parts
  #record: SessionRecord
  #isEnding = false

  constructor(context: LiveContext, start: LiveStart) {
    const { store, clock, vocabulary, metrics, log, tracing } = context
    const { features, commands, answers } = start.record.component ? context.components : context.accounts
    const { holdsLease, lastState } = start
    const { id, tenant } = start.record
    const { mirror } = start.state
    this.#record = start.record
    const record = () => this.#record
    const isClosing = () => this.#isEnding
    const turn = () => context.turns.wait(tenant)

    const reports = createReports({ record: start.record, log, metrics, isClosing })
    const onError = (error: unknown, what?: string) => reports.error(error, what)
    const states = createStates({ clock })
    const online = () => !this.#isEnding && states.now() === 'online'

    const journal = createJournal({ id, fence: start.fence, store, onFenced: start.onFenced })
    const records = createRecords({ id, store })
    const known = createKnowledge({ record: start.record, mirror, records, journal })
    const { commit, remember } = known

    const mayGo = createGate(features, () => this.session)
    const streams = { streams: start.streams, inherited: !start.state.isEmpty, mayGo, holdsLease }
    const { connections, outbox, wire } = createStreams({ ...context, ...streams, record, known, records, reports })
    const link = () => connections.get(0)
    const own = () => addressOf(this.#record, link()?.jid ?? null)
    const raised = createRaisedIqs({ session: id, wire, vocabulary })
    const repeated = createRepeated({ session: known, wire, outbox, clock, reports })

    const announcer = createAnnouncer({
      ...{ id, record, instance: context.instance, states, connections, mirror, store },
      commit,
      onError,
    })
    const unread = createUnread({ session: known, clock, metrics, announcer })

    const correlator = createCorrelator({ own, link, onLate: () => metrics.count('iq_late_total') })
    const rewriting = createRewriting({ wire, correlator, reports })
    const resync = createResync({ session: known, link, clock, online, onError })
    const isQuiet = () => online() && !isCatchUpDue(mirror)
    const watch = context.quarantine.watch({ state: mirror, jid: () => own().bare, commit, isQuiet, onError })
    const inbound = createInbound({
      turn,
      watch,
      journal,
      connections,
      clock,
      appending: createAppending({ session: id, tracing }),
      onError,
    })

    const session = createSession({
      ...{ record: start.record, seal: context.seal, state: mirror, holdsLease, commit, records, large: context.large.use, vocabulary },
      ...{ connections, correlator, wire, raised, repeated, inbound, journal, states, clock, metrics, outbox, reports },
    })
    const { receiver, catchUp } = waysIn({
      ...{ session, features, answers, turn, watch, clock, vocabulary, remember, outbox, wire, correlator, raised, resync, reports },
      ...{ repeated, inbound, store, announcer },
    })
    const bind = createBind({ session, features, catchUp, online, unread, repeated, resync, reports })

    // what a session is shown as knowing it has to know
    start.state.heed(({ bound, unread: names = {} }, spared) => {
      reports.full(bound)
      const name = spared ? names.spared : names.others
      if (name !== undefined) unread.tooMuch(name).catch(onError)
    })
    outbox.follow({ onDoubts: () => bind.doubts(), isBusy: (index) => index === 0 && repeated.isAsking() })
    for (const feature of features) feature.taken?.(session)
    this.session = session
    this.#parts = {
      ...{ record, connections, outbox, inbound, announcer, correlator, journal, mirror, raised, repeated, resync, watch, commit, clock },
      ...{ session, features, lastState, isClosing, states, rewriting, receiver, unread, bind, log, metrics, onError },
      work: createCallerWork({ session, commands, states, journal }),
    }
    connections.begin(createStreamEvents(this.#parts))
  }

  state(): SessionState {
    return this.#parts.states.now()
  }

  status(): SessionStatus {
    return this.#parts.announcer.status()
  }

  changed(next: SessionRecord): void {
    const { session, states, connections, bind } = this.#parts
    this.#record = next
    identify(session, next, connections.get(0)?.jid ?? null)
    if (states.now() === 'online') connections.want(next.connections)
    bind.changed()
  }

  wake(): void {
    this.#parts.outbox.wake()
  }

  accepted(...what: Parameters<Outbox['accepted']>): void {
    this.#parts.outbox.accepted(...what)
  }

  perform(...call: Parameters<CallerWork['perform']>): Promise<unknown> {
    return this.#parts.work.perform(...call)
  }

  reached(...states: Parameters<CallerWork['reached']>): ReturnType<CallerWork['reached']> {
    return this.#parts.work.reached(...states)
  }

  finished(ms: number): Promise<void> {
    return this.#parts.work.finished(ms)
  }

  load(): Load & { iqs: number } {
    const { outbox, correlator } = this.#parts
    return { ...outbox.load(), iqs: correlator.size() }
  }

  isQuiet(): boolean {
    const { states, work, raised, mirror, connections } = this.#parts
    return states.now() === 'online' && work.isIdle() && raised.isIdle() && !isCatchUpDue(mirror) && connections.resumable()
  }

  async close(options: { status?: string }): Promise<void> {
    this.#isEnding = true
    await endSession(this.#parts, options)
  }

  async abandon(options: { acks: number }): Promise<void> {
    this.#isEnding = true
    await abandonSession(this.#parts, options)
  }
}
