import type { Translator } from '../../codec/translate.ts'
import type { Turns } from '../../fair/turns.ts'
import { reparse } from '../../xml/parse.ts'
import type { TakenUp } from '../cluster/take-up.ts'
import type { Feature } from '../contract/feature.ts'
import type { LiveSession } from '../contract/session.ts'
import type { StateKinds } from '../contract/state-kind.ts'
import { type Archive, createArchive } from '../inbound/archive.ts'
import { isCatchUpDue } from '../inbound/archive-marks.ts'
import { createCatchUp } from '../inbound/catch-up.ts'
import { createReceiver } from '../inbound/dispatch.ts'
import type { LargeAnswers } from '../inbound/large-answers.ts'
import type { Quarantine } from '../inbound/quarantine.ts'
import { createInbound } from '../inbound/queue.ts'
import type { IqAnswers } from '../inbound/receiving.ts'
import type { Load, Outbox } from '../outbox/outbox.ts'
import { createRecords } from '../outbox/recent-records.ts'
import type { StreamState } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connector } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Seal } from '../ports/seal.ts'
import type { SessionRecord, SessionState, SessionStatus } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import { createAnnouncer } from './announcer.ts'
import { createBind } from './bind.ts'
import { type CallerWork, createCallerWork } from './caller-work.ts'
import type { Commands } from './commands.ts'
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
import { createStreams } from './streams.ts'
import { createUnread } from './unread.ts'

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

export interface LiveContext {
  store: Store
  connector: Connector
  clock: Clock
  seal: Seal
  vocabulary: Translator
  features: readonly Feature[]
  commands: Commands
  answers: IqAnswers
  instance: string
  log: Log
  metrics: Metrics
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
export function createLive(context: LiveContext, start: LiveStart): Live {
  const { store, clock, vocabulary, features, metrics, log } = context
  const { holdsLease, lastState } = start
  const { id, tenant } = start.record
  const { mirror } = start.state
  let current = start.record
  let isEnding = false
  const record = () => current
  const isClosing = () => isEnding
  const turn = () => context.turns.wait(tenant)

  const reports = createReports({ record: current, log, metrics, isClosing })
  const onError = reports.error
  const states = createStates({ clock })
  const isOnline = () => !isEnding && states.now() === 'online'

  const journal = createJournal({ id, fence: start.fence, store, onFenced: start.onFenced })
  const records = createRecords({ id, store })
  const known = createKnowledge({ record: current, mirror, records, journal })
  const { commit, remember } = known

  const streams = { streams: start.streams, inherited: !start.state.isEmpty, holdsLease }
  const { connections, outbox, wire } = createStreams({ ...context, ...streams, record, known, records, reports })
  const link = () => connections.get(0)
  const bound = () => link()?.jid ?? null
  const raised = createRaisedIqs({ session: id, reply: wire.reply, vocabulary })
  const repeated = createRepeated({
    session: known,
    send: async (stanza) => await wire.write(0, stanza).position,
    pause: () => outbox.pause(0),
    clock,
    onGivenUp: reports.givenUp,
    onAnswered: outbox.wake,
    onError,
  })

  const announcer = createAnnouncer({ ...{ id, record, instance: context.instance, states, connections, mirror, store }, commit, onError })
  const unread = createUnread({ session: known, clock, metrics, onChange: () => announcer.announce(undefined) })

  const correlator = createCorrelator({ own: () => addressOf(current, bound()), link, onLate: () => metrics.count('iq_late_total') })
  const rewriting = createRewriting({
    write: async (index, xml) => await wire.write(index, xml).position,
    onGivenUp: (xml) => {
      const { name, attributes } = reparse(xml)
      if (name === 'iq') correlator.fail(attributes.id ?? '')
      reports.givenUp(name)
    },
  })
  const resync = createResync({ session: known, link, clock, online: isOnline, onError })
  const watch = context.quarantine.watch({
    state: mirror,
    jid: () => addressOf(current, bound()).bare,
    commit,
    isQuiet: () => isOnline() && !isCatchUpDue(mirror),
    onError,
  })
  const inbound = createInbound({
    ...{ turn, watch, write: journal.write, stream: connections.stream, clock, onError },
    stored: (index, position) => connections.get(index)?.stored(position),
    snapshot: (index) => connections.get(index)?.snapshot() ?? null,
  })

  const session = createSession({
    ...{ record: current, state: mirror, holdsLease, commit, message: records.get, large: context.large.use, vocabulary },
    ...{ connections, correlator, wire, raised, repeated, inbound, journal, states, clock, metrics },
  })
  const archive = createArchive({
    session,
    onForged: reports.forged,
    onFull: () => metrics.count('bounds_reached_total', { bound: 'archive-page' }),
  })
  session.archive = archive.page
  const receiver = createReceiver({
    ...{ session, turn, watch, clock, features, answers: context.answers, vocabulary, archive, remember },
    confirm: outbox.confirm,
    reply: wire.reply,
    settle: correlator.answer,
    raise: raised.raise,
    seenPresence: resync.seen,
    onForged: reports.forged,
    onRejected: (reason) => metrics.count('stanza_rejected_total', { reason }),
    onError,
  })
  const repeatedArchive: Archive = { ...archive, page: (...query) => repeated.ask('archive', () => archive.page(...query)) }
  const catchUp = createCatchUp({
    ...{ session, archive: repeatedArchive, inbound, receiver, outbox, store, clock, watch, view: announcer.view },
  })
  session.catchUp = catchUp.run
  const bind = createBind({
    ...{ session, features, catchUp, online: isOnline, unread: unread.all, ask: repeated.ask, onError },
    async onRefused(step, problem) {
      reports.bindStep(step, problem)
      await unread.refused(step, problem)
    },
    onRead: unread.read,
    onVisible: resync.appeared,
  })
  const work = createCallerWork({ session, commands: context.commands, states, journal })

  // what a session is shown as knowing it has to know
  start.state.heed(({ bound, unread: names = {} }, spared) => {
    metrics.count('bounds_reached_total', { bound })
    const name = spared ? names.spared : names.others
    if (name !== undefined) unread.tooMuch(name).catch(onError)
  })
  outbox.follow({ onDoubts: () => bind.doubts(), isBusy: (index) => index === 0 && repeated.isAsking() })
  for (const feature of features) feature.taken?.(session)
  const parts: StreamParts & EndingParts = {
    ...{ record, connections, outbox, inbound, announcer, correlator, journal, mirror, raised, repeated, resync, watch, commit, clock },
    ...{ session, features, lastState, isClosing, states, rewriting, receiver, unread, bind, log, metrics, onError },
  }
  connections.begin(createStreamEvents(parts))

  return {
    session,
    state: states.now,
    status: announcer.status,
    changed(next) {
      current = next
      identify(session, next, bound())
      if (states.now() === 'online') connections.want(next.connections)
      bind.changed()
    },
    wake: outbox.wake,
    accepted: outbox.accepted,
    perform: work.perform,
    reached: work.reached,
    finished: work.finished,
    load: () => ({ ...outbox.load(), iqs: correlator.size() }),
    isQuiet: () => states.now() === 'online' && work.isIdle() && raised.isIdle() && !isCatchUpDue(mirror) && connections.resumable(),
    async close(options) {
      isEnding = true
      await endSession(parts, options)
    },
    async abandon(options) {
      isEnding = true
      return await abandonSession(parts, options)
    },
  }
}
