import type { Clock } from '../gateway/ports/clock.ts'
import type { Connection, ConnectionEvents, ConnectionSpec, StateDetail } from '../gateway/ports/connection.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { SessionState } from '../gateway/ports/session-record.ts'
import { attemptOnce, type Shared } from './attempt.ts'
import { closed, failure, offline, wrongCount } from './failure.ts'
import type { LoginMemory } from './login/login.ts'
import { type Ending, keepUp, type ReconnectionContext } from './reconnection.ts'
import { Resumption } from './resumption.ts'
import { createStream, type Stream } from './stream/stream.ts'
import { noFeatures, type StreamLimits } from './stream/stream-features.ts'
import type { Ledger } from './stream/stream-management.ts'
import { createSupervisor } from './supervisor.ts'

export interface ConnectionOptions extends Pick<ReconnectionContext, 'turn'> {
  spec: ConnectionSpec
  events: ConnectionEvents
  shared: Shared
  clock: Clock
  log: Log
  /** it will never be used again */
  onDone: () => void
}

/** One stream that is kept up: see Connection in gateway/ports/connection.ts. */
export function createConnection({ spec, events, shared, clock, log, turn, onDone }: ConnectionOptions): Connection {
  const { bounds, stanzaLimit, random, metrics } = shared
  const closing = new AbortController()
  const { signal } = closing
  const supervisor = createSupervisor({ bounds, random, monotonic: clock.monotonic, inherited: spec.inherited })
  const resumption = new Resumption({
    clock,
    from: spec.resume,
    acked: (position) => guarded('acked', () => events.acked(position)),
    lost: (h, refused) => guarded('lost', () => events.lost(h, refused)),
  })
  const domain = spec.jid.slice(spec.jid.indexOf('@') + 1)
  let stream: Stream | undefined
  const shown = { jid: null as string | null, state: 'connecting' as SessionState, managed: resumption.ledger !== undefined }
  let limits: StreamLimits = noFeatures
  /** by streams that ended */
  let receivedBefore = 0
  let wasOnline = false
  let elsewhere: string | undefined
  const memory: LoginMemory = { sasl2Broken: false, hidden: false }

  function tell(next: SessionState, detail: StateDetail): void {
    shown.state = next
    guarded('state', () => events.state(next, detail))
  }
  /** What the core throws in an event must not end the loop here. */
  function guarded(event: string, call: () => void): void {
    try {
      call()
    } catch (err) {
      log.warn({ event: 'xmpp.handler-failed', err, handler: event }, 'An event of a connection could not be handled')
    }
  }

  async function once(): Promise<Ending> {
    const doubtful = resumption.isDoubtful
    const resume = resumption.request()
    const redirect = elsewhere
    elsewhere = undefined
    const { channel, reader, negotiated } = await attemptOnce({ spec, resume, memory, elsewhere: redirect, shared, signal })
    const { outcome, features, early } = negotiated
    const uncounted = resumption.take(negotiated)
    if (uncounted === undefined) {
      channel.destroy()
      throw wrongCount()
    }
    const ledger = resumption.ledger as Ledger
    if (outcome.kind === 'bound') shown.managed = outcome.management !== undefined
    // a resume inside SASL2 may end before it is said what its stream has: what it had
    if (outcome.kind === 'bound' || features.names.length > 0) limits = features
    const told = { ...events, features: (features: StreamLimits) => (limits = features) }
    const parts = { stanzaLimit, limits: () => limits, domain, bounds, clock, log, events: told }
    const live = createStream({ channel, reader, ledger, managed: shown.managed, ...parts })
    stream = live
    shown.jid = ledger.jid
    const boundAt = clock.monotonic()
    guarded('verified', () => events.verified())
    if (outcome.kind === 'resumed') {
      wasOnline = true
      guarded('resumed', () => events.resumed(outcome.h, uncounted))
      tell('online', { reason: null, jid: ledger.jid, resumed: true, doubtful })
      live.start(early)
    } else {
      const done = bound(ledger, features.names, live)
      live.start(early)
      await Promise.race([done, live.ended])
    }
    const cause = await live.ended
    stream = undefined
    receivedBefore += live.received()
    if (channel.secure && !channel.framed) elsewhere = cause.elsewhere
    const now = clock.monotonic()
    return { cause, online: now - boundAt, overOurs: ledger.unacked > 0 || now - live.lastWrite() < bounds.aftermath }
  }

  async function bound({ jid, id }: Ledger, features: readonly string[], live: Stream): Promise<void> {
    try {
      await events.bound(jid, features, id)
    } catch (thrown) {
      live.destroy(failure('bind-work-failed', 'xmpp-unreachable', 'The work of a new stream could not be done.', thrown))
      return
    }
    if (stream !== live || signal.aborted) return
    resumption.isReady = true
    wasOnline = true
    tell('online', { reason: null, jid, resumed: false })
  }

  function needStream(): Stream {
    if (stream === undefined) throw offline()
    return stream
  }

  async function end(state: SessionState): Promise<void> {
    closing.abort(closed())
    await running
    if (state === 'stopped') resumption.lose(null)
    onDone()
  }

  const context = {
    spec,
    domain,
    bounds,
    log,
    metrics,
    supervisor,
    resumption,
    memory,
    signal,
    turn,
    once,
    wasOnline: () => wasOnline,
    tell,
  }
  // the caller gets its connection before the first event
  const running = Promise.resolve(context).then(keepUp)

  return Object.assign(shown, {
    send: (xml: string, ask?: boolean) => needStream().send(xml, ask),
    isQuiet: () => stream?.isQuiet() ?? false,
    stored: (position: number) => {
      if (stream !== undefined) stream.stored(position)
      else resumption.ledger?.store(position)
    },
    snapshot: () => resumption.snapshot(),
    ping: async () => needStream().ping(),
    transit: () => stream?.transit() ?? 0,
    received: () => receivedBefore + (stream?.received() ?? 0),
    close: async ({ status }: { status?: string } = {}) => {
      const live = stream
      closing.abort(closed())
      await live?.close(status)
      await end('stopped')
      shown.state = 'stopped'
    },
    abandon: async ({ acks = 0 }: { acks?: number } = {}) => {
      closing.abort(closed())
      if (acks > 0) await stream?.settle(acks)
      stream?.destroy(closed())
      const kept = resumption.snapshot()
      await end('connecting')
      return kept
    },
  } satisfies Omit<Connection, keyof typeof shown>)
}
