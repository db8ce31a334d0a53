import { Problem } from '../../errors/problem.ts'
import { accountOf, comparable } from '../../jid.ts'
import { CLIENT, element } from '../../xml/element.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { LiveSession } from '../contract/session.ts'
import { newIqId } from '../ids.ts'
import type { Inbound } from '../inbound/queue.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Records } from '../outbox/recent-records.ts'
import type { Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Seal } from '../ports/seal.ts'
import type { SessionRecord } from '../ports/session-record.ts'
import { createSecrets } from '../secrets.ts'
import type { Connections } from './connections.ts'
import { type Correlator, endOfIq } from './iq-correlator.ts'
import type { Journal } from './journal.ts'
import type { RaisedIqs } from './raised-iqs.ts'
import type { Reports } from './reports.ts'
import { offline, type States } from './status.ts'
import type { Wire } from './wire.ts'

/** A session as its own parts see it: they change its members. Plain ones, since objects with accessors of their own cost each session ten times what the value does. */
export type OwnSession = { -readonly [Key in keyof LiveSession]: LiveSession[Key] }

/** A session as the rooms see it. `archive`, `takeIn` and `catchUp` are set by the parts that read the archive, which need the session themselves. */
export function createSession({
  record,
  connections,
  correlator,
  wire,
  raised,
  repeated,
  inbound,
  journal,
  states,
  clock,
  metrics,
  state,
  holdsLease,
  commit,
  records,
  large,
  vocabulary,
  outbox,
  reports,
  seal,
}: Pick<LiveSession, 'record' | 'state' | 'holdsLease' | 'commit' | 'large' | 'vocabulary'> & {
  outbox: Pick<Outbox, 'wake' | 'doubts' | 'settleDoubts'>
  reports: Pick<Reports, 'error'>
  seal: Seal
  records: Pick<Records, 'get'>
  connections: Pick<Connections, 'isOwn'>
  correlator: Correlator
  wire: Wire
  raised: RaisedIqs
  repeated: Repeated
  inbound: Inbound
  journal: Journal
  states: Pick<States, 'now'>
  clock: Clock
  metrics: Metrics
}): OwnSession {
  const notYet = async () => {
    throw offline()
  }

  return {
    record,
    jid: null,
    features: [],
    secrets: createSecrets(seal, record),
    state,
    commit,
    message: (id) => records.get(id),
    large,
    vocabulary,
    doubts: { all: () => outbox.doubts(), settle: (...which) => outbox.settleDoubts(...which) },
    sendWaiting: () => outbox.wake(),
    isOwn: (jid) => connections.isOwn(jid),
    online: () => states.now() === 'online',
    holdsLease,
    async iq({ type, from, to, id = newIqId(record.id), payload }, options) {
      let begun: number | undefined
      const end = (result: string) => {
        if (begun !== undefined) metrics.observe('iq_duration_seconds', (clock.monotonic() - begun) / 1000, { result })
      }
      const stanza = element('iq', CLIENT, { type, from, to, id }, [payload])
      const send = () => {
        wire.write(0, stanza).written.catch(() => {}) // a write that fails ends the stream, and with it the wait
        begun = clock.monotonic()
      }
      const answer = correlator.wait({ id, type, to }, { ...options, send })
      answer.then(
        () => end('result'),
        (error) => end(endOfIq(error)),
      )
      return await answer
    },
    awaitAnswer: async ({ id, type, to }, options) => await correlator.wait({ id, type, to }, options),
    reply: (answer) => raised.reply(answer),
    async send(stanza) {
      await wire.write(0, stanza).written
    },
    repeated,
    report(error, what) {
      if (!(error instanceof Problem)) reports.error(error, what)
    },
    settled: async () => {
      await inbound.settled()
      await journal.flush()
    },
    archive: notYet,
    takeIn: notYet,
    catchUp: notYet,
  }
}

/**
 * Where the session is: the account has the name that the server bound, which is its own spelling, of an anonymous one another for each
 * stream. `bound`: the full JID of the primary, null while it has none.
 */
export function addressOf({ jid }: SessionRecord, bound: string | null): { bare: string; full: string | null } {
  return bound === null ? { bare: jid, full: null } : { bare: accountOf(bound), full: comparable(bound) }
}

export function identify(session: OwnSession, record: SessionRecord, bound: string | null): void {
  const { bare, full } = addressOf(record, bound)
  session.jid = full
  session.record = bare === record.jid ? record : { ...record, jid: bare }
}
