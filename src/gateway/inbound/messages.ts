/** What messages come to: where they really come from first, then what the feature rooms make of them. */
import type { Element } from '../../xml/element.ts'
import type { Incoming } from '../contract/feature.ts'
import type { Archived } from '../contract/session.ts'
import { noteArchived } from './archive-marks.ts'
import { type Arrival, copyContext, copyOf, ofEvent } from './copies.ts'
import { forgesOwnData, isFrom, ownRecord, trustedStanzaId, type Unwrapped, unwrap } from './provenance.ts'
import { collect, type Handled } from './queue.ts'
import { combine, concerned, nothing, type Receiving } from './receiving.ts'

/** A message that came live, or that was held while the archive was read. */
export async function handleMessage(receiving: Receiving, arrival: Arrival, received: Element): Promise<Handled> {
  const { session, remember, clock } = receiving
  const { stanza, carbon } = genuine(receiving, received) ?? {}
  if (stanza === undefined) return nothing()
  const { connection } = arrival
  const id = trustedStanzaId(stanza, session.record.jid)
  if (carbon === 'sent') {
    const sent = await ownRecord(stanza, session)
    if (sent && id !== undefined) return combine(receiving, connection, [{ records: [{ ...sent, stanzaId: id }] }])
    if (sent || session.isOwn(stanza.attributes.from ?? '')) return nothing()
  }
  const handled = await toRooms(receiving, { stanza, connection, ...(carbon ? { carbon } : {}) }, arrival)
  if (id !== undefined && stanza.attributes.type !== 'groupchat')
    collect(handled.change, remember({ state: [noteArchived(clock, id, undefined)] }))
  return handled
}

/** A message of the archive. */
export async function handleArchived(receiving: Receiving, arrival: Arrival, { id, stamp, stanza }: Archived): Promise<Handled> {
  const { session, outbox } = receiving
  // who could not tell this live cannot by way of the archive
  if (!genuine(receiving, stanza)) return nothing()
  const sent = isFrom(stanza, session.record.jid) ? await ownRecord(stanza, session) : undefined
  if (sent) outbox.confirm(sent.id, id)
  // the record of an own one may be over by now
  if (sent || session.isOwn(stanza.attributes.from ?? '')) return nothing()
  return await toRooms(receiving, { stanza, connection: 0, archive: { id, stamp } }, arrival)
}

/** A message as it counts; undefined for one that somebody else made in the name of the own account. */
function genuine({ session, reports }: Receiving, received: Element): Extract<Unwrapped, { kind: 'own' }> | undefined {
  const unwrapped = unwrap(received, session.record.jid)
  if (unwrapped.kind === 'forged') reports.forged('carbon')
  else if (forgesOwnData(unwrapped.stanza, session.record.jid)) reports.forged('pep')
  else return unwrapped
  return undefined
}

async function toRooms(receiving: Receiving, incoming: Incoming, arrival: Arrival): Promise<Handled> {
  const { session, vocabulary } = receiving
  const effects = await Promise.all(concerned(receiving, incoming).map((feature) => feature.message?.(incoming, session, vocabulary)))
  const handled = combine(receiving, incoming.connection, effects)
  const events = handled.change.events ?? []
  if (events.every(({ volatile }) => volatile)) return handled
  const copy = copyOf(incoming, arrival, copyContext(receiving))
  for (const [place, event] of events.entries()) if (!event.volatile) event.copy = place === 0 ? copy : ofEvent(copy, place)
  return handled
}
