/** How a session ends here: for good, or for another owner. */
import { settledWithin } from '../../deadline.ts'
import type { Feature } from '../contract/feature.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { Watch } from '../inbound/quarantine.ts'
import type { Inbound } from '../inbound/queue.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { SessionRecord, SessionStatus } from '../ports/session-record.ts'
import type { Announcer } from './announcer.ts'
import type { Connections } from './connections.ts'
import type { Correlator } from './iq-correlator.ts'
import type { Journal } from './journal.ts'
import type { Mirror } from './mirror.ts'
import type { RaisedIqs } from './raised-iqs.ts'
import type { Resync } from './resync.ts'
import type { OwnSession } from './session.ts'
import { sessionView } from './view.ts'

/** ms for what others are told before the streams close */
const GOODBYE = 5_000

export interface EndingParts {
  record: () => SessionRecord
  connections: Connections
  outbox: Outbox
  inbound: Inbound
  announcer: Announcer
  correlator: Correlator
  journal: Journal
  mirror: Mirror
  raised: RaisedIqs
  repeated: Repeated
  resync: Resync
  watch: Watch
  commit: (change: Change) => Promise<unknown>
  clock: Clock
  session: OwnSession
  features: readonly Feature[]
}

/** Unavailable presence, acknowledgements awaited, streams closed; what is left in the outbox fails, and the end is told. */
export async function endSession(parts: EndingParts, options: { status?: string }): Promise<void> {
  const { record, connections, outbox, announcer, correlator, journal, mirror, commit, clock } = parts
  stopTimers(parts)
  const last = announcer.status()
  await sayGoodbye(parts, options)
  await connections.close(options)
  await outbox.end()
  await announcer.announced()
  const data = sessionView(record(), stoppedNow(last, clock.now()), { length: 0 })
  await commit({ events: [{ type: 'session.ended', subject: record().id, data }] })
  correlator.failAll()
  await journal.flush()
  for (const feature of parts.features) void feature.left?.(parts.session, { within: 0, ended: true })
  journal.close()
  mirror.close()
}

/** Where there is a stream to say it on. */
async function sayGoodbye({ features, session, connections }: EndingParts, options: { status?: string }): Promise<void> {
  if (connections.usable().size === 0) return
  const said = features.flatMap((feature) => feature.ending?.(session, options) ?? [])
  if (said.length > 0) await settledWithin(GOODBYE, Promise.allSettled(said))
}

/** Sockets are dropped without a goodbye, after `acks` ms at most for the server to acknowledge what was sent; the next owner resumes. */
export async function abandonSession(parts: EndingParts, { acks }: { acks: number }): Promise<void> {
  const { connections, outbox, inbound, correlator, journal, mirror } = parts
  stopTimers(parts)
  outbox.stop()
  const parted = Promise.all(parts.features.map((feature) => feature.left?.(parts.session, { within: acks, ended: false })))
  const streams = await connections.abandon({ acks })
  await inbound.settled()
  await parted
  if (Object.keys(streams).length > 0) await journal.write({ streams }).catch(() => {}) // fenced: the next owner has newer ones
  // what fails now is not told: the next owner may still hear the answer
  journal.close()
  mirror.close()
  correlator.failAll()
}

function stopTimers({ resync, raised, repeated, watch }: EndingParts): void {
  resync.stop()
  raised.stop()
  repeated.stop()
  watch.stop()
}

const stoppedNow = (last: SessionStatus, since: number): SessionStatus => ({
  ...last,
  state: 'stopped',
  since,
  reason: null,
  connections: last.connections.map((connection) => ({ ...connection, state: 'stopped' })),
})
