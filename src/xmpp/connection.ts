import type { Clock } from '../gateway/ports/clock.ts'
import type { Connection, ConnectionEvents, ConnectionSpec, StateDetail } from '../gateway/ports/connection.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { SessionState } from '../gateway/ports/session-record.ts'
import type { Element } from '../xml/element.ts'
import { type Attempt, attemptOnce, type Shared } from './attempt.ts'
import { closed, failure, offline, wrongCount } from './failure.ts'
import type { LoginMemory } from './login/login.ts'
import { type Ending, keepUp, type ReconnectionContext } from './reconnection.ts'
import { Resumption } from './resumption.ts'
import type { StreamEvents } from './stream/incoming.ts'
import { mannersOf } from './stream/manners.ts'
import { Stream } from './stream/stream.ts'
import { noFeatures, type StreamLimits } from './stream/stream-features.ts'
import type { Ledger } from './stream/stream-management.ts'
import { Supervisor } from './supervisor.ts'

/** What all connections of a process have in common. */
export interface ConnectionContext extends Pick<ReconnectionContext, 'turn'> {
  shared: Shared
  clock: Clock
  log: Log
  /** one will never be used again */
  onDone(connection: Connection): void
}

/**
 * One stream that is kept up: see Connection in gateway/ports/connection.ts.
 * A class because there are thousands of them, and most do nothing but be there.
 */
export class KeptConnection implements Connection, ReconnectionContext, StreamEvents {
  readonly spec: ConnectionSpec
  readonly supervisor: Supervisor
  readonly resumption: Resumption
  readonly memory: LoginMemory = { sasl2Broken: false, hidden: false }
  readonly domain: string
  jid: string | null = null
  state: SessionState = 'connecting'
  managed: boolean
  wasOnline = false
  readonly #context: ConnectionContext
  readonly #events: ConnectionEvents
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #stream: Stream | undefined
  #limits: StreamLimits = noFeatures
  /** bytes, by streams that ended */
  #receivedBefore = 0
  #elsewhere: string | undefined

  constructor(spec: ConnectionSpec, events: ConnectionEvents, context: ConnectionContext) {
    this.spec = spec
    this.domain = spec.jid.slice(spec.jid.indexOf('@') + 1)
    this.#events = events
    this.#context = context
    this.supervisor = new Supervisor(context.shared, spec.inherited)
    this.resumption = new Resumption(this, spec.resume)
    this.managed = this.resumption.ledger !== undefined
    // the caller gets its connection before the first event
    this.#running = Promise.resolve<ReconnectionContext>(this).then(keepUp)
  }

  // ---- what its parts know of it

  get clock(): Clock {
    return this.#context.clock
  }
  get log(): Log {
    return this.#context.log
  }
  get bounds(): Shared['bounds'] {
    return this.#context.shared.bounds
  }
  get stanzaLimit(): number {
    return this.#context.shared.stanzaLimit
  }
  get metrics(): Shared['metrics'] {
    return this.#context.shared.metrics
  }
  get signal(): AbortSignal {
    return this.#closing.signal
  }
  /** of the stream */
  get events(): StreamEvents {
    return this
  }
  limits(): StreamLimits {
    return this.#limits
  }
  turn(...whose: Parameters<ReconnectionContext['turn']>): Promise<void> {
    return this.#context.turn(...whose)
  }

  // ---- what it tells

  tell(next: SessionState, detail: StateDetail): void {
    this.state = next
    this.#guarded('state', () => this.#events.state(next, detail))
  }
  lost(h: number | null, refused?: string): void {
    this.#guarded('lost', () => this.#events.lost(h, refused))
  }
  counted(position: number): void {
    this.#guarded('acked', () => this.#events.acked(position))
  }
  /** What the core throws in an event must not end the loop here. */
  #guarded(event: string, call: () => void): void {
    try {
      call()
    } catch (err) {
      this.log.warn({ event: 'xmpp.handler-failed', err, handler: event }, 'An event of a connection could not be handled')
    }
  }

  // ---- what its stream tells

  stanza(stanza: Element, position: number): void {
    this.#events.stanza(stanza, position)
  }
  larger(start: Element, bytes: number): number | undefined {
    return this.#events.larger?.(start, bytes)
  }
  acked(position: number): void {
    this.#events.acked(position)
  }
  verified(): void {
    this.#events.verified()
  }
  features(features: StreamLimits): void {
    this.#limits = features
  }

  // ---- its life

  async once(): Promise<Ending> {
    const { resumption } = this
    const doubtful = resumption.isDoubtful
    const resume = resumption.request()
    const redirect = this.#elsewhere
    this.#elsewhere = undefined
    const { spec, memory, signal } = this
    const attempt = attemptOnce({ spec, resume, memory, elsewhere: redirect, shared: this.#context.shared, signal })
    return await this.#last(await this.#begin(await attempt, doubtful))
  }

  async #begin({ channel, reader, negotiated }: Attempt, doubtful: boolean): Promise<{ stream: Stream; boundAt: number }> {
    const { resumption, clock } = this
    const { outcome, features, early } = negotiated
    const uncounted = resumption.take(negotiated)
    if (uncounted === undefined) {
      channel.destroy()
      throw wrongCount()
    }
    const ledger = resumption.ledger as Ledger
    if (outcome.kind === 'bound') this.managed = outcome.management !== undefined
    // a resume inside SASL2 may end before it is said what its stream has: what it had
    if (outcome.kind === 'bound' || features.names.length > 0) this.#limits = features
    const stream = new Stream(this, { channel, reader, ledger, managed: this.managed, manners: mannersOf(this.spec) })
    this.#stream = stream
    this.jid = ledger.jid
    const boundAt = clock.monotonic()
    this.#guarded('verified', () => this.#events.verified())
    if (outcome.kind === 'resumed') {
      this.wasOnline = true
      this.#guarded('resumed', () => this.#events.resumed(outcome.h, uncounted))
      this.tell('online', { reason: null, jid: ledger.jid, resumed: true, doubtful })
      stream.start(early)
    } else {
      const done = this.#bound(ledger, features.names, stream)
      stream.start(early)
      await Promise.race([done, stream.outcome])
    }
    return { stream, boundAt }
  }

  async #last({ stream, boundAt }: { stream: Stream; boundAt: number }): Promise<Ending> {
    const cause = await stream.outcome
    this.#stream = undefined
    this.#receivedBefore += stream.received()
    if (stream.channel.secure && !stream.channel.framed) this.#elsewhere = cause.elsewhere
    const now = this.clock.monotonic()
    const overOurs = stream.ledger.unacked > 0 || now - stream.lastWrite() < this.bounds.aftermath
    return { cause, online: now - boundAt, overOurs }
  }

  async #bound({ jid, id }: Ledger, features: readonly string[], live: Stream): Promise<void> {
    try {
      await this.#events.bound(jid, features, id)
    } catch (thrown) {
      live.destroy(failure('bind-work-failed', 'xmpp-unreachable', 'The work of a new stream could not be done.', thrown))
      return
    }
    if (this.#stream !== live || this.signal.aborted) return
    this.resumption.isReady = true
    this.wasOnline = true
    this.tell('online', { reason: null, jid, resumed: false })
  }

  async #end(state: SessionState): Promise<void> {
    this.#closing.abort(closed())
    await this.#running
    if (state === 'stopped') this.resumption.lose(null)
    this.#context.onDone(this)
  }

  // ---- what its owner does

  send(xml: string, ask?: boolean): ReturnType<Connection['send']> {
    return needed(this.#stream).send(xml, ask)
  }
  isQuiet(): boolean {
    return this.#stream?.requests.isQuiet() ?? false
  }
  stored(position: number): void {
    if (this.#stream !== undefined) this.#stream.stored(position)
    else this.resumption.ledger?.store(position)
  }
  snapshot(): ReturnType<Connection['snapshot']> {
    return this.resumption.snapshot()
  }
  async ping(): Promise<void> {
    await needed(this.#stream).ping()
  }
  transit(): number {
    return this.#stream?.requests.transit() ?? 0
  }
  received(): number {
    return this.#receivedBefore + (this.#stream?.received() ?? 0)
  }
  async close({ status }: { status?: string } = {}): Promise<void> {
    const live = this.#stream
    this.#closing.abort(closed())
    await live?.close(status)
    await this.#end('stopped')
    this.state = 'stopped'
  }
  async abandon({ acks = 0 }: { acks?: number } = {}): ReturnType<Connection['abandon']> {
    this.#closing.abort(closed())
    if (acks > 0) await this.#stream?.settle(acks)
    this.#stream?.destroy(closed())
    const kept = this.resumption.snapshot()
    await this.#end('connecting')
    return kept
  }
}

function needed(stream: Stream | undefined): Stream {
  if (stream === undefined) throw offline()
  return stream
}
