/** Stanzas that are not told as what they are: what cannot be handled costs that stanza, never the session. */
import { errorReply } from '../../codec/stanza-error.ts'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import type { Element } from '../../xml/element.ts'
import type { Incoming } from '../contract/feature.ts'
import { type Arrival, copyContext, copyOfPrint } from './copies.ts'
import { gapEvent } from './gap.ts'
import { unwrap } from './provenance.ts'
import type { Handled } from './queue.ts'
import { nothing, type Receiving } from './receiving.ts'

/** Handles a stanza, unless it is left out because instances went over it. A room that fails costs its stanza, never the session. */
export async function guarded(
  receiving: Receiving,
  received: Element,
  arrival: Arrival,
  handle: () => Handled | Promise<Handled>,
  archive?: Incoming['archive'],
): Promise<Handled> {
  const { watch, reports } = receiving
  const print = watch.isOn() ? await watch.begin(received) : undefined
  if (print !== undefined) return leftOut(receiving, print, received, arrival, archive)
  try {
    return await handle()
  } catch (error) {
    reports.error(error, received.name)
    return nothing()
  }
}

/** Instances went over it: it is told as a gap, and whoever waits for an answer gets one. */
function leftOut(receiving: Receiving, print: string, received: Element, arrival: Arrival, archive: Incoming['archive']): Handled {
  const { session, clock, wire, reports } = receiving
  const { connection } = arrival
  const { from, id, type } = received.attributes
  reports.rejected('quarantined')
  const gap = gapEvent(clock, 'quarantined', { stanza: { name: received.name, from, id, type } })
  const unwrapped = received.name === 'message' ? unwrap(received, session.record.jid) : undefined
  if (unwrapped?.kind === 'own') {
    const { stanza, carbon } = unwrapped
    const incoming = { stanza, connection, ...(carbon && { carbon }), ...(archive && { archive }) }
    gap.copy = copyOfPrint(print, incoming, arrival, copyContext(receiving))
  }
  const isRequest = received.name === 'iq' && (type === 'get' || type === 'set')
  const error: StanzaErrorJson = { type: 'cancel', condition: 'internal-server-error' }
  return { change: { events: [gap] }, after: isRequest ? [() => wire.reply(connection, errorReply(received, error))] : [] }
}

/** What was in it nobody knows: a gap in the log, and an error to whoever asked. */
export function tooLarge({ clock, wire, reports }: Receiving, connection: number, received: Element): Handled {
  reports.rejected('too-large')
  const { from, id, type } = received.attributes
  if (received.name === 'iq') {
    const error: StanzaErrorJson = { type: 'modify', condition: 'policy-violation', text: 'The stanza is larger than what is read.' }
    return { change: {}, after: [() => wire.reply(connection, errorReply(received, error))] }
  }
  return { change: { events: [gapEvent(clock, 'stanza-too-large', { stanza: { name: received.name, from, id, type } })] }, after: [] }
}
