/** What the session does when its connections tell something. */

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
  receiver: Receiver
  unread: UnreadSteps
  bind: Bind
  commit: (change: Change) => Promise<unknown>
  log: Pick<Log, 'info'>
  metrics: Metrics
  onError: (error: unknown) => void
}

export function createStreamEvents(parts: StreamParts): ConnectionsListener {
  /** who had it before may have asked for a resume, and not got the answer */
  let interrupted = parts.lastState !== 'online'

  return {
    state(index, state, detail) {
      if (index !== 0) return senderState(parts, index, state)
      primaryState(parts, state, detail, interrupted)
      if (state === 'online') interrupted = false
    },
    bound: async (index, _jid, offered) => {
      if (index === 0) await primaryBound(parts, offered)
    },
    stanza(index, stanza, position) {
      parts.metrics.count('stanzas_total', { direction: 'in', kind: stanza.name })
      parts.inbound.push(index, stanza, position, parts.receiver.stanza)
    },
    larger: parts.correlator.larger,
    acked(index, position) {
      if (index === 0) parts.repeated.acked(position)
      parts.outbox.acked(index, position)
    },
    resumed: (index, h, uncounted) => resumed(parts, index, h, uncounted),
    lost: (index, h, refused) => lost(parts, index, h, refused),
    verified(index) {
      if (index === 0) parts.states.verified()
    },
    unacked: parts.outbox.unacked,
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
