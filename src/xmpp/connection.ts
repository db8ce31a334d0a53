import type { StreamState } from '../gateway/ports/change.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Connection, ConnectionEvents, ConnectionSpec, StateDetail } from '../gateway/ports/connection.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { SessionState } from '../gateway/ports/session-record.ts'
import { attemptOnce, type Surroundings } from './attempt.ts'
import { closed, type Failure, failure, offline, toFailure } from './failure.ts'
import type { LoginMemory } from './login/login.ts'
import { createStream, type Stream } from './stream/stream.ts'
import { noFeatures, type StreamLimits } from './stream/stream-features.ts'
import { createLedger, type Ledger } from './stream/stream-management.ts'
import { createSupervisor, isForContent } from './supervisor.ts'

export interface ConnectionOptions {
  spec: ConnectionSpec
  events: ConnectionEvents
  surroundings: Surroundings
  clock: Clock
  log: Log
  /** resolves when a reconnect of the tenant to this host may start, or the signal is aborted */
  turn: (host: string, tenant: string, signal: AbortSignal) => Promise<void>
  /** it will never be used again */
  onDone: () => void
}

/** One stream that is kept up: see Connection in gateway/ports.ts. */
export function createConnection({ spec, events, surroundings, clock, log, turn, onDone }: ConnectionOptions): Connection {
  const { bounds, stanzaLimit, random, metrics } = surroundings
  const closing = new AbortController()
  const supervisor = createSupervisor({ bounds, random, monotonic: clock.monotonic, inherited: spec.inherited })
  const domain = spec.jid.slice(spec.jid.indexOf('@') + 1)
  let stream: Stream | undefined
  let ledger: Ledger | undefined = restored(spec.resume)
  const shown = { jid: null as string | null, state: 'connecting' as SessionState, managed: ledger !== undefined }
  let droppedAt: number | undefined
  let limits: StreamLimits = noFeatures
  /** by streams that ended */
  let receivedBefore = 0
  let wasOnline = false
  /** the work of the bind is done: only then is the stream worth resuming */
  let ready = spec.resume !== null
  let elsewhere: string | undefined
  /** a resume was asked for and never answered; the server may still carry it out, beside the next one */
  let unanswered = false
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

  /** The old stream cannot come back: the fate of what it did not acknowledge is unknown. */
  function lose(h: number | null, refused?: string): void {
    if (ledger === undefined) return
    const gone = ledger
    ledger = undefined
    const known = h !== null && gone.acknowledge(h)
    if (known) guarded('acked', () => events.acked(gone.acked))
    guarded('lost', () => events.lost(known ? h : null, refused))
  }

  function resumable(): Ledger | undefined {
    if (ledger?.id === undefined) return undefined
    const gone = droppedAt !== undefined && ledger.max !== null && clock.monotonic() - droppedAt > ledger.max * 1000
    return gone ? undefined : ledger
  }

  /** The h of a resume, read when it is written. */
  function ask(old: Ledger): number {
    unanswered = true
    return old.rewind()
  }

  /** Up to a stream; then as long as it lives. Answers why it ended, how long it was bound, and whether it may have ended over what we wrote. */
  async function once(): Promise<{ cause: Failure; online: number; overOurs: boolean }> {
    const old = resumable()
    const doubtful = unanswered
    const resume = old?.id === undefined ? undefined : { id: old.id, jid: old.jid, h: () => ask(old) }
    if (old === undefined) lose(null)
    const redirect = elsewhere
    elsewhere = undefined
    const { channel, reader, negotiated } = await attemptOnce({
      spec,
      resume,
      memory,
      elsewhere: redirect,
      surroundings,
      signal: closing.signal,
    })
    unanswered = false
    const { outcome } = negotiated
    const uncounted = outcome.kind === 'resumed' ? old?.resume(outcome.h) : []
    if (uncounted === undefined) {
      channel.destroy()
      throw failure('handled-count-wrong', 'xmpp-unreachable', 'The XMPP server acknowledged what was never sent.')
    }
    if (outcome.kind === 'bound') {
      lose(outcome.failedH)
      const { id, max } = outcome.management ?? { id: undefined, max: null }
      ready = false
      ledger = createLedger({ jid: negotiated.jid, id, max })
      shown.managed = outcome.management !== undefined
    }
    const own = ledger as Ledger
    // a resume inside SASL2 may end before it is said what its stream has: what it had
    if (outcome.kind === 'bound' || negotiated.features.names.length > 0) limits = negotiated.features
    const live = createStream({
      channel,
      reader,
      ledger: own,
      managed: shown.managed,
      stanzaLimit,
      limits: () => limits,
      domain,
      bounds,
      clock,
      log,
      events: { ...events, features: (told) => (limits = told) },
    })
    stream = live
    shown.jid = own.jid
    const boundAt = clock.monotonic()
    guarded('verified', () => events.verified())
    if (outcome.kind === 'resumed') {
      wasOnline = true
      guarded('resumed', () => events.resumed(outcome.h, uncounted))
      tell('online', { reason: null, jid: own.jid, resumed: true, doubtful })
      live.start(negotiated.early)
    } else {
      const done = bound(own.jid, negotiated.features.names, live)
      live.start(negotiated.early)
      await Promise.race([done, live.ended])
    }
    const cause = await live.ended
    stream = undefined
    receivedBefore += live.received()
    if (channel.secure && !channel.framed) elsewhere = cause.elsewhere
    const now = clock.monotonic()
    return { cause, online: now - boundAt, overOurs: own.unacked > 0 || now - live.lastWrite() < bounds.aftermath }
  }

  async function bound(full: string, features: readonly string[], live: Stream): Promise<void> {
    try {
      await events.bound(full, features, ledger?.id)
    } catch (thrown) {
      live.destroy(failure('bind-work-failed', 'xmpp-unreachable', 'The work of a new stream could not be done.', thrown))
      return
    }
    if (stream !== live || closing.signal.aborted) return
    ready = true
    wasOnline = true
    tell('online', { reason: null, jid: full, resumed: false })
  }

  async function run(): Promise<void> {
    let last: string | null = null
    while (!closing.signal.aborted) {
      tell(resumable() === undefined ? 'connecting' : 'resuming', { reason: last })
      let cause: Failure
      let online = 0
      let overOurs = false
      const { sasl2Broken } = memory
      try {
        ;({ cause, online, overOurs } = await once())
      } catch (thrown) {
        cause = toFailure(thrown)
      } finally {
        stream = undefined
      }
      if (closing.signal.aborted) return
      if (cause.reason.startsWith('received-')) metrics.count('stanza_rejected_total', { reason: cause.reason })
      if (online > 0) droppedAt = clock.monotonic()
      last = cause.reason
      /** the next attempt goes another way */
      const otherwise = memory.sasl2Broken && !sasl2Broken
      if (online >= bounds.stable) memory.sasl2Broken = false
      const { problem: error } = cause
      const verdict = supervisor.judge(cause, online, overOurs)
      log.info(
        { event: 'xmpp.stream-ended', jid: spec.jid, reason: cause.reason, online: Math.round(online), verdict: verdict.kind },
        'A stream ended or was not made',
      )
      if (verdict.kind === 'stop' || (spec.once === true && !wasOnline && !otherwise)) {
        lose(null)
        return tell(verdict.kind === 'stop' ? verdict.state : 'stopped', { reason: cause.reason, error })
      }
      const refused = overOurs && cause.said && isForContent(cause.reason) ? cause.reason : undefined
      // a resume would bring a stream whose work was never done
      if (verdict.anew || !ready || ledger?.id === undefined) lose(null, refused)
      tell(online > 0 && resumable() !== undefined ? 'resuming' : 'backoff', { reason: cause.reason, error })
      await pause(verdict.wait)
      await turn(domain, spec.tenant, closing.signal)
    }
  }

  function pause(ms: number): Promise<void> {
    if (ms <= 0 || closing.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        closing.signal.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      closing.signal.addEventListener('abort', wake, { once: true })
    })
  }

  function restored(from: StreamState | null): Ledger | undefined {
    return from === null ? undefined : createLedger({ jid: from.jid, id: from.id, max: from.max, from })
  }

  function snapshot(): StreamState | null {
    return ready ? (ledger?.snapshot(clock.now()) ?? null) : null
  }

  function needStream(): Stream {
    if (stream === undefined) throw offline()
    return stream
  }

  async function end(state: SessionState): Promise<void> {
    closing.abort(closed())
    await running
    if (state === 'stopped') lose(null)
    onDone()
  }

  // the caller gets its connection before the first event
  const running = Promise.resolve().then(run)

  return Object.assign(shown, {
    send: (xml: string, ask?: boolean) => needStream().send(xml, ask),
    isQuiet: () => stream?.isQuiet() ?? false,
    stored: (position: number) => {
      if (stream !== undefined) stream.stored(position)
      else ledger?.store(position)
    },
    snapshot,
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
      const kept = snapshot()
      await end('connecting')
      return kept
    },
  } satisfies Omit<Connection, keyof typeof shown>)
}
