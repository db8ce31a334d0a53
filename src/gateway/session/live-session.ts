import { setTimeout as delay } from 'node:timers/promises'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import type { Turns } from '../../fair/turns.ts'
import { accountOf, bare, comparable, jid as normalised } from '../../jid.ts'
import { CLIENT, type Element, element } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import type { TakenUp } from '../cluster/take-up.ts'
import type { Feature } from '../contract/feature.ts'
import { directed } from '../contract/roster-and-presence.ts'
import type { CommandOptions, LiveSession } from '../contract/session.ts'
import type { KindBound, StateKinds } from '../contract/state-kind.ts'
import { openPassword, openSasl } from '../credentials.ts'
import { newIqId } from '../ids.ts'
import { type Archive, createArchive } from '../inbound/archive.ts'
import { createCatchUp } from '../inbound/catch-up.ts'
import { createReceiver } from '../inbound/dispatch.ts'
import type { LargeAnswers } from '../inbound/large-answers.ts'
import type { Quarantine } from '../inbound/quarantine.ts'
import { createInbound } from '../inbound/queue.ts'
import type { IqAnswers } from '../inbound/receiving.ts'
import { createOutbox, type Load, type Outbox } from '../outbox/outbox.ts'
import { createRecords } from '../outbox/recent-records.ts'
import type { Change, StreamState } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { Connector, StateDetail } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Seal } from '../ports/seal.ts'
import type { SessionRecord, SessionState, SessionStatus } from '../ports/session-record.ts'
import type { Store } from '../ports/store.ts'
import { createBind } from './bind.ts'
import type { Call, Commands } from './commands.ts'
import { createJournal } from './commits.ts'
import { createConnections } from './connections.ts'
import { createUserAgent } from './fast-tokens.ts'
import { createCorrelator, endOfIq } from './iq-correlator.ts'
import type { Share } from './memory-share.ts'
import { createAsked } from './raised-iqs.ts'
import { createRepeated } from './repeated.ts'
import { createResync } from './resync.ts'
import { createRewriting } from './rewriting.ts'
import { createStates, ended, type States } from './status.ts'
import { createUnread } from './unread.ts'
import { sessionView } from './view.ts'

/** A session on the instance that owns it. */
export interface Live {
  readonly session: LiveSession
  state(): SessionState
  status(): SessionStatus
  /** the record was changed: connections, handles */
  changed(record: SessionRecord): void
  /** messages were accepted */
  wake(): void
  /** messages were accepted on this instance */
  accepted: Outbox['accepted']
  /** runs a command, which may come from another instance */
  perform(call: Call, options: CommandOptions): Promise<unknown>
  reached: States['reached']
  /** what is under way now */
  load(): Load & { iqs: number }
  /** Takes no more commands; resolves when those under way have come to their end, or ms passed. */
  finished(ms: number): Promise<void>
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

export function createLive(
  context: LiveContext,
  start: {
    record: SessionRecord
    fence: string
    /** may it be acted for? false where another instance may have it by now */
    held: () => boolean
    state: TakenUp
    /** as another owner left it */
    left: SessionState
    streams: ReadonlyMap<number, StreamState>
    onFenced: () => void
  },
): Live {
  const { store, connector, clock, vocabulary, features, commands, answers, instance, metrics, seal } = context
  const { fence, held, streams, onFenced } = start
  let { record } = start
  const { id, tenant } = record
  const log = { session: id, tenant }
  let announcing = Promise.resolve()
  /** who had it before may have asked for a resume, and not got the answer */
  let interrupted = start.left !== 'online'
  let doubting = false
  let leaving = false
  let closing = false
  /** what callers wait for */
  const performing = new Set<Promise<unknown>>()

  const states = createStates({ clock, announce })
  const journal = createJournal({ id, fence, store, onFenced })
  const { mirror } = start.state
  const records = createRecords({ id, store })
  const onError = (error: unknown, what = 'session') => {
    // of a store that is away the log has it already, and the session goes on trying
    if (isAway(error)) return
    if (!closing) context.log.error({ ...log, event: 'session.error', err: error, what }, 'A step of the session failed')
  }

  function remember(change: Change): Change {
    const gone = mirror.apply(change)
    const kept = gone.length > 0 ? { ...change, state: [...(change.state ?? []), ...gone] } : change
    return kept.records ? { ...kept, records: kept.records.map(records.put) } : kept
  }

  /** What a session is shown as knowing it has to know. */
  function noteFull({ bound, unread: names = {} }: KindBound, spared: boolean): void {
    metrics.count('bounds_reached_total', { bound })
    const what = spared ? names.spared : names.others
    if (what !== undefined) unread.tooMuch(what).catch(onError)
  }

  function commit(change: Change): Promise<string[]> {
    return journal.write(remember(change))
  }

  const connections = createConnections({
    record: () => record,
    connector,
    password: async () => openPassword(seal, record),
    sasl: async () => openSasl(seal, record),
    userAgent: (index) => createUserAgent({ index, session, seal }),
    resume: streams,
    inherited: !start.state.isEmpty,
    held,
    unacked: (index) => outbox.unacked(index),
    on: {
      state: (index, state, detail) => (index === 0 ? primaryState(state, detail) : senderState(index, state)),
      bound: async (index, _jid, offered) => {
        if (index !== 0) return
        session.features = offered
        identify()
        resync.start()
        // at once: messages have to wait before the first of the new stream is taken in
        await Promise.all([bind.bound(), presencesComeAnew()])
      },
      stanza: (index, stanza, position) => {
        metrics.count('stanzas_total', { direction: 'in', kind: stanza.name })
        inbound.push(index, stanza, position)
      },
      larger: (start, bytes) => correlator.larger(start, bytes),
      acked: (index, position) => {
        if (index === 0) repeated.acked(position)
        outbox.acked(index, position)
      },
      resumed: (index, h, uncounted) => {
        const messages = outbox.positions(index)
        const others = index === 0 ? new Set([...messages, ...repeated.positions()]) : messages
        if (index === 0) repeated.resumed(h, messages.size > 0)
        outbox.resumed(index, h)
        rewriting.resumed(index, h, uncounted, others)
      },
      lost: (index, h, refused) => {
        if (index === 0) {
          if (!closing) repeated.lost(outbox.unacked(0) > 0)
          correlator.failAll()
          if (!closing) states.lost()
        }
        rewriting.lost(index)
        outbox.lost(index, h, refused)
        if (!closing) commit({ streams: { [index]: null } }).catch(onError)
      },
      verified: (index) => {
        if (index === 0) states.verified()
      },
    },
  })

  /** All who are there are told anew on a new stream. */
  async function presencesComeAnew(): Promise<void> {
    for (const what of ['presences', 'contact-presences']) await unread.read(what)
  }

  const correlator = createCorrelator({
    own: () => ({ bare: session.record.jid, full: session.jid }),
    link: () => connections.get(0),
    onLate: () => metrics.count('iq_late_total'),
  })

  const outbox = createOutbox({
    id,
    store,
    records,
    write: commit,
    clock,
    usable: () => (held() ? connections.usable() : new Map()),
    primaryOnly: (to) => mirror.get(directed, normalised(to)) !== undefined || mirror.get(directed, bare(to)) !== undefined,
    resumable: new Map([...streams].map(([index, { id: stream }]) => [index, stream])),
    onWritten: (kind) => metrics.count('stanzas_total', { direction: 'out', kind }),
    onLatency: (ms) => metrics.observe('sm_ack_latency_seconds', ms / 1000),
    onDoubts: () => {
      if (states.now() !== 'online' || doubting) return
      doubting = true
      catchUp
        .doubts()
        .catch(onError)
        .finally(() => {
          doubting = false
        })
    },
    onGivenUp: (message) => givenUp('message', { message }),
    isBusy: (index) => index === 0 && repeated.isAsking(),
    onError,
  })

  /** The account has the name that the server bound: its own spelling, of an anonymous one another for each stream. */
  function identify(): void {
    const bound = connections.get(0)?.jid ?? null
    session.jid = bound === null ? null : comparable(bound)
    const account = bound === null ? record.jid : accountOf(bound)
    session.record = account === record.jid ? record : { ...record, jid: account }
  }

  // plain members: objects with accessors of their own cost each session ten times what the value does
  const session: { -readonly [Key in keyof LiveSession]: LiveSession[Key] } = {
    record,
    jid: null,
    features: [],
    isOwn: connections.isOwn,
    state: mirror,
    online: () => states.now() === 'online',
    held,
    async iq({ type, to, id: given, payload }, options) {
      const iqId = given ?? newIqId(id)
      let begun: number | undefined
      const ended = (result: string) => {
        if (begun !== undefined) metrics.observe('iq_duration_seconds', (clock.monotonic() - begun) / 1000, { result })
      }
      const stanza = element('iq', CLIENT, { type, to, id: iqId }, [payload])
      const send = () => {
        write(0, stanza).written.catch(() => {}) // a write that fails ends the stream, and with it the wait
        begun = clock.monotonic()
      }
      const answer = correlator.wait({ id: iqId, type, to }, { ...options, send })
      answer.then(
        () => ended('result'),
        (error) => ended(endOfIq(error)),
      )
      return await answer
    },
    large: context.large.use,
    answer: async ({ id: sent, type, to }, options) => await correlator.wait({ id: sent, type, to }, options),
    reply: (answer) => asked.reply(answer),
    async send(stanza) {
      await write(0, stanza).written
    },
    repeated: {
      write: (key, stanza) => repeated.write(key, stanza),
      forget: (key) => repeated.forget(key),
      isOnItsWay: (key) => repeated.isOnItsWay(key),
      isOpen: (key) => repeated.isOpen(key),
    },
    commit,
    message: records.get,
    settled: async () => {
      await inbound.settled()
      await journal.flush()
    },
    vocabulary,
    archive: (query, options) => archive.page(query, options),
    catchUp: () => catchUp.run(),
  }

  const repeated = createRepeated({
    session,
    send: async (stanza) => await write(0, stanza).position,
    still: () => outbox.still(0),
    clock,
    onGivenUp: (what) => givenUp(what),
    onAnswered: () => outbox.wake(),
    onError,
  })
  const rewriting = createRewriting({
    write: async (index, xml) => await write(index, xml).position,
    onGivenUp: (xml) => {
      const { name, attributes } = reparse(xml)
      if (name === 'iq') correlator.fail(attributes.id ?? '')
      givenUp(name)
    },
  })

  /** Streams ended over it, one after the other: it is not written again. */
  function givenUp(what: string, more: object = {}): void {
    metrics.count('given_up_total', { what: what.split(' ')[0] as string })
    context.log.warn({ ...log, event: 'session.given-up', what, ...more }, 'Streams ended over what was written: it is not written again')
  }

  const asked = createAsked({ session: id, reply: (index, stanza) => reply(index, stanza), vocabulary })
  const resync = createResync({ session, link: () => connections.get(0), clock, online: () => states.now() === 'online', onError })

  const onForged = (kind: string) => metrics.count('stanza_spoof_total', { kind })
  const archive = createArchive({
    session,
    onForged,
    onFull: () => context.metrics.count('bounds_reached_total', { bound: 'archive-page' }),
  })

  const turn = () => context.turns.wait(tenant)
  const watch = context.quarantine.watch({
    state: mirror,
    jid: () => session.record.jid,
    commit,
    isQuiet: () => !closing && states.now() === 'online' && !catchUp.isOwing(),
    onError,
  })
  const receiver = createReceiver({
    session,
    turn,
    watch,
    features,
    answers,
    vocabulary,
    archive,
    remember,
    confirm: (message, stanzaId) => outbox.confirm(message, stanzaId),
    reply,
    settle: correlator.answer,
    raise: asked.raise,
    seenPresence: resync.seen,
    onForged,
    onRejected: (reason) => metrics.count('stanza_rejected_total', { reason }),
    onError,
    clock,
  })

  const inbound = createInbound({
    turn,
    watch,
    receive: receiver.stanza,
    write: journal.write,
    stream: connections.stream,
    stored: (index, position) => connections.get(index)?.stored(position),
    snapshot: (index) => connections.get(index)?.snapshot() ?? null,
    clock,
    onError,
  })

  const unread = createUnread({ session, clock, metrics, onChange: () => announce(undefined) })
  const view = async () => sessionView(record, status(), await store.outbox.size(id))
  const asking: Archive = { ...archive, page: (...query) => repeated.ask('archive', () => archive.page(...query)) }
  const catchUp = createCatchUp({ session, archive: asking, inbound, receiver, outbox, store, clock, watch, view })

  const bind = createBind({
    session,
    features,
    catchUp,
    online: () => !closing && states.now() === 'online',
    onError,
    unread: unread.all,
    ask: repeated.ask,
    onRefused: async (step, problem) => {
      context.log.warn({ ...log, event: 'session.bind-step', step, reason: problem.code }, 'A step of the bind did not do what it is for')
      await unread.refused(step, problem)
    },
    onRead: unread.read,
    onVisible: resync.appeared,
  })

  /** Throws session-offline where there is no stream. `written` settles when the socket took it. */
  function write(index: number, stanza: Element | string): Writing {
    const connection = connections.get(index)
    if (!connection || !held()) throw offline()
    const busy = outbox.unwriting(index)
    if (busy) return later(busy.then(() => write(index, stanza)))
    const isText = typeof stanza === 'string'
    metrics.count('stanzas_total', { direction: 'out', kind: isText ? nameOf(stanza) : stanza.name })
    return connection.send(isText ? stanza : serialize(stanza))
  }

  function reply(index: number, stanza: Element): void {
    try {
      write(index, stanza).written.catch(() => {}) // the asker will ask again on the next stream
    } catch (error) {
      if (!(error instanceof Problem)) onError(error, 'reply')
    }
  }

  // ---- states

  function primaryState(state: SessionState, detail: StateDetail): void {
    identify()
    const from = states.now()
    if (!states.change(state, detail)) return
    context.log.info({ ...log, event: 'session.state', from, to: state, reason: detail.reason }, 'Session state')
    metrics.count('session_transitions_total', { from, to: state, reason: detail.reason ?? '' })
    if (state === 'backoff' || ended.includes(state)) {
      correlator.failAll()
      resync.stop()
    }
    if (state !== 'online') repeated.broke()
    else {
      connections.want(record.connections)
      inbound.mark(0)
      outbox.wake()
      if (detail.resumed) resync.resumed()
      if (detail.resumed) bind.resumed({ doubtful: detail.doubtful === true || interrupted })
      interrupted = false
      bind.online()
    }
  }

  function senderState(index: number, state: SessionState): void {
    if (state !== 'online') return
    inbound.mark(index)
    outbox.wake()
  }

  /** Every change is told in order, after its view was made. */
  function announce(type: string | undefined): void {
    announcing = announcing
      .then(async () => {
        const change: Change = { status: status() }
        if (type) change.events = [{ type, subject: id, data: await view() }]
        await commit(change)
      })
      .catch(onError)
  }

  // ---- the outside

  function waitedFor<Result>(work: Promise<Result>): Promise<Result> {
    const done = work.finally(() => performing.delete(done))
    performing.add(done)
    return done
  }

  function status(): SessionStatus {
    return { ...states.status(), instance, connections: connections.status(), unread: unread.all() }
  }

  start.state.heed(noteFull)
  for (const feature of features) feature.taken?.(session)
  connections.want(1)

  return {
    session,
    state: states.now,
    status,
    changed(next) {
      record = next
      identify()
      if (states.now() === 'online') connections.want(record.connections)
      bind.changed()
    },
    wake: outbox.wake,
    accepted: outbox.accepted,

    async perform({ command: name, version, args }, options) {
      const command = commands(name, version)
      if (ended.includes(states.now()) && command.whileStopped !== true) throw stopped(states.now())
      if ((states.now() !== 'online' && command.whileAway !== true) || leaving) throw offline()
      let begun = false
      // what it ends with by itself is how far it came
      let own: unknown
      const performed = journal.unlessAway(async () => {
        begun = true
        try {
          return await command.run(session, args, options)
        } catch (error) {
          own = error
          throw error
        }
      })
      try {
        return await waitedFor(performed)
      } catch (error) {
        if (!begun || error === own || command.changes?.(args) !== true || !isAway(error)) throw error
        throw new Problem('outcome-unknown', 'The store is away; the request may have been carried out.', { cause: error })
      }
    },

    reached: (wanted, signal) => waitedFor(states.reached(wanted, signal)),
    load: () => ({ ...outbox.load(), iqs: correlator.size() }),

    async close(options) {
      closing = true
      resync.stop()
      asked.stop()
      repeated.stop()
      watch.stop()
      const last = status()
      await connections.close(options)
      await outbox.end()
      await announcing
      const data = sessionView(record, stoppedNow(last, clock.now()), { length: 0 })
      await commit({ events: [{ type: 'session.ended', subject: id, data }] })
      correlator.failAll()
      await journal.flush()
      for (const feature of features) void feature.left?.(session, { within: 0, ended: true })
      journal.close()
      mirror.close()
    },

    isQuiet: () =>
      states.now() === 'online' && !leaving && performing.size === 0 && asked.isIdle() && !catchUp.isOwing() && connections.resumable(),

    async finished(ms) {
      leaving = true
      if (performing.size > 0) await Promise.race([Promise.allSettled(performing), delay(ms, undefined, { ref: false })])
    },

    async abandon({ acks }) {
      closing = true
      resync.stop()
      asked.stop()
      repeated.stop()
      watch.stop()
      outbox.stop()
      const parted = Promise.all(features.map((feature) => feature.left?.(session, { within: acks, ended: false })))
      const left = await connections.abandon({ acks })
      await inbound.settled()
      await parted
      if (Object.keys(left).length > 0) await journal.write({ streams: left }).catch(() => {}) // fenced: the next owner has newer ones
      // what fails now is not told: the next owner may still hear the answer
      journal.close()
      mirror.close()
      correlator.failAll()
    },
  }
}

interface Writing {
  /** on the stream */
  position: number | Promise<number>
  written: Promise<void>
}

function later(writing: Promise<Writing>): Writing {
  const position = writing.then((begun) => begun.position)
  position.catch(() => {}) // `written` tells
  return { position, written: writing.then((begun) => begun.written) }
}

/** of a stanza that was serialised here */
const nameOf = (xml: string) => /^<(\w+)/.exec(xml)?.[1] ?? ''

const isAway = (error: unknown) => error instanceof Problem && error.code === 'store-unavailable'

const stoppedNow = (last: SessionStatus, since: number): SessionStatus => ({
  ...last,
  state: 'stopped',
  since,
  reason: null,
  connections: last.connections.map((connection) => ({ ...connection, state: 'stopped' })),
})

const offline = () => new Problem('session-offline', 'The session is not online at the moment; it is reconnecting.', { retryAfter: 5 })

export const stopped = (state: SessionState) =>
  new Problem(
    'session-stopped',
    `The session is in state ${state}: it does not come back by itself. Open it again with valid credentials, or delete it.`,
  )
