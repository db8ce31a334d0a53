/** What the session does when its connections tell something. */

import type { Element } from '../../xml/element.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { Receiver } from '../inbound/dispatch.ts'
import type { Inbound } from '../inbound/queue.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { StateDetail } from '../ports/connection.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { SessionRecord, SessionState } from '../ports/session-record.ts'
import type { Announcer } from './announcer.ts'
import type { Bind } from './bind.ts'
import type { Connections, ConnectionsListener } from './connections.ts'
import type { Correlator } from './iq-correlator.ts'
import type { Resync } from './resync.ts'
import type { Rewriting } from './rewriting.ts'
import { identify, type OwnSession } from './session.ts'
import { ended, type States } from './status.ts'
import type { UnreadSteps } from './unread.ts'

export interface StreamParts {
  session: OwnSession
  /** as it is in the store */
  record: () => SessionRecord
  /** the state in which the owner before left it */
  lastState: SessionState
  isClosing: () => boolean
  states: States
  connections: Connections
  announcer: Announcer
  correlator: Correlator
  outbox: Outbox
  repeated: Repeated
  rewriting: Rewriting
  resync: Resync
  inbound: Inbound
  receiver: Pick<Receiver, 'stanza'>
  unread: UnreadSteps
  bind: Bind
  commit: (change: Change) => Promise<unknown>
  log: Pick<Log, 'info'>
  metrics: Metrics
  onError: (error: unknown) => void
}

export const createStreamEvents = (parts: StreamParts): ConnectionsListener => new StreamEventsOfSession(parts)

/** A class because each session has one, and there are thousands of sessions. */
class StreamEventsOfSession implements ConnectionsListener {
  readonly #parts: StreamParts
  /** who had it before may have asked for a resume, and not got the answer */
  #isInterrupted: boolean

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#isInterrupted = parts.lastState !== 'online'
  }

  state(index: number, state: SessionState, detail: StateDetail): void {
    if (index !== 0) {
      senderState(this.#parts, index, state)
      return
    }
    primaryState(this.#parts, state, detail, this.#isInterrupted)
    if (state === 'online') this.#isInterrupted = false
  }
  async bound(index: number, _jid: string, offered: readonly string[]): Promise<void> {
    if (index === 0) await primaryBound(this.#parts, offered)
  }
  stanza(index: number, stanza: Element, position: number): void {
    const { metrics, inbound, receiver } = this.#parts
    metrics.count('stanzas_total', { direction: 'in', kind: stanza.name })
    inbound.push(index, stanza, position, receiver)
  }
  larger(start: Element, bytes: number): number | undefined {
    return this.#parts.correlator.larger(start, bytes)
  }
  acked(index: number, position: number): void {
    const { repeated, outbox } = this.#parts
    if (index === 0) repeated.acked(position)
    outbox.acked(index, position)
  }
  resumed(index: number, h: number, uncounted: readonly string[]): void {
    resumed(this.#parts, index, h, uncounted)
  }
  lost(index: number, h: number | null, refused?: string): void {
    lost(this.#parts, index, h, refused)
  }
  verified(index: number): void {
    if (index === 0) this.#parts.states.verified()
  }
  unacked(index: number): number {
    return this.#parts.outbox.unacked(index)
  }
}

async function primaryBound(parts: StreamParts, offered: readonly string[]): Promise<void> {
  const { session, record, connections, resync, bind, unread } = parts
  session.features = offered
  identify(session, record(), connections.get(0)?.jid ?? null)
  resync.start()
  // at once: messages have to wait before the first of the new stream is taken in
  await Promise.all([bind.bound(), presencesComeAnew(unread)])
}

/** All who are there are told anew on a new stream. */
async function presencesComeAnew(unread: UnreadSteps): Promise<void> {
  for (const what of ['presences', 'contact-presences']) await unread.read(what)
}

function resumed(parts: StreamParts, index: number, h: number, uncounted: readonly string[]): void {
  const { outbox, repeated, rewriting } = parts
  const messages = outbox.positions(index)
  const others = index === 0 ? new Set([...messages, ...repeated.positions()]) : messages
  if (index === 0) repeated.resumed(h, messages.size > 0)
  outbox.resumed(index, h)
  rewriting.resumed(index, h, uncounted, others)
}

function lost(parts: StreamParts, index: number, h: number | null, refused?: string): void {
  const { states, announcer, correlator, outbox, repeated, rewriting, isClosing, commit, onError } = parts
  if (index === 0) {
    if (!isClosing()) repeated.lost(outbox.unacked(0) > 0)
    correlator.failAll()
    if (!isClosing()) for (const type of states.lost()) announcer.announce(type)
  }
  rewriting.lost(index)
  outbox.lost(index, h, refused)
  if (!isClosing()) commit({ streams: { [index]: null } }).catch(onError)
}

function primaryState(parts: StreamParts, state: SessionState, detail: StateDetail, interrupted: boolean): void {
  const { session, record, states, announcer, connections, inbound, outbox, repeated, resync, bind, correlator, log, metrics } = parts
  identify(session, record(), connections.get(0)?.jid ?? null)
  const from = states.now()
  const types = states.change(state, detail)
  if (types.length === 0) return
  for (const type of types) announcer.announce(type)
  const { id, tenant } = record()
  log.info({ session: id, tenant, event: 'session.state', from, to: state, reason: detail.reason }, 'Session state')
  metrics.count('session_transitions_total', { from, to: state, reason: detail.reason ?? '' })
  if (state === 'backoff' || ended.includes(state)) {
    correlator.failAll()
    resync.stop()
  }
  if (state !== 'online') {
    repeated.broke()
    return
  }
  connections.want(record().connections)
  inbound.mark(0)
  outbox.wake()
  if (detail.resumed) {
    resync.resumed()
    bind.resumed({ doubtful: detail.doubtful === true || interrupted })
  }
  bind.online()
}

function senderState({ inbound, outbox }: StreamParts, index: number, state: SessionState): void {
  if (state !== 'online') return
  inbound.mark(index)
  outbox.wake()
}
