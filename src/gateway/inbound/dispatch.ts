import { randomUUID } from 'node:crypto'
import type { Element } from '../../xml/element.ts'
import type { Incoming } from '../contract/feature.ts'
import type { Archived } from '../contract/session.ts'
import { noteArchived } from './archive-marks.ts'
import type { Arrival } from './copies.ts'
import { guarded, tooLarge } from './guarded.ts'
import { createHeld, type Held } from './held-messages.ts'
import { handleIq } from './iqs.ts'
import { handleArchived, handleMessage } from './messages.ts'
import { collect, type Handled } from './queue.ts'
import { add, combine, concerned, nothing, type Receiving } from './receiving.ts'

/** Says what each incoming stanza comes to. */
export interface Receiver {
  /** of a stanza; rejects only where nothing can be stored any more */
  stanza(arrival: Arrival, stanza: Element): Promise<Handled>
  /** of messages of the archive, in the order given */
  archived(items: readonly Archived[]): Promise<Handled>
  /** of messages of other archives, and of such as were held back */
  takenIn(messages: readonly (Archived | Element)[]): Promise<Handled>
  held: Held
}

export const createReceiver = (receiving: Receiving): Receiver => new ReceiverOfSession(receiving)

/** A class because each session has one, and there are thousands of sessions. */
class ReceiverOfSession implements Receiver {
  readonly receiving: Receiving
  readonly held: Held

  constructor(receiving: Receiving) {
    this.receiving = receiving
    this.held = createHeld(this)
  }

  stanza(arrival: Arrival, stanza: Element): Promise<Handled> {
    const { receiving, held } = this
    return guarded(receiving, stanza, arrival, () => handle(receiving, held, arrival, stanza))
  }

  archived(items: readonly Archived[]): Promise<Handled> {
    return handleAllArchived(this.receiving, items)
  }

  takenIn(messages: readonly (Archived | Element)[]): Promise<Handled> {
    return handleTakenIn(this.receiving, messages)
  }

  /** of one that was held */
  handle(arrival: Arrival, stanza: Element): Promise<Handled> {
    const { receiving } = this
    return guarded(receiving, stanza, arrival, () => handleMessage(receiving, arrival, stanza))
  }
}

function handle(receiving: Receiving, held: Held, arrival: Arrival, stanza: Element): Handled | Promise<Handled> {
  const { connection } = arrival
  if (stanza.cut && !isIqAnswer(stanza)) return tooLarge(receiving, connection, stanza)
  if (stanza.name === 'presence') return handlePresence(receiving, connection, stanza)
  if (stanza.name === 'iq') return handleIq(receiving, connection, stanza)
  if (receiving.archive.take(stanza)) return nothing()
  return (held.isHolding() ? held.add(arrival, stanza) : undefined) ?? handleMessage(receiving, arrival, stanza)
}

const isIqAnswer = ({ name, attributes: { type } }: Element) => name === 'iq' && (type === 'result' || type === 'error')

async function handlePresence(receiving: Receiving, connection: number, stanza: Element): Promise<Handled> {
  const { session, vocabulary, resync } = receiving
  resync.seen(stanza)
  const incoming: Incoming = { stanza, connection }
  const all = nothing()
  // one after the other: what one room keeps of it the next one sees
  for (const feature of concerned(receiving, incoming))
    add(all, combine(receiving, connection, [await feature.presence?.(incoming, session, vocabulary)]))
  return all
}

async function handleTakenIn(receiving: Receiving, messages: readonly (Archived | Element)[]): Promise<Handled> {
  const { turn, clock } = receiving
  const all = nothing()
  for (const message of messages) {
    const wait = turn()
    if (wait) await wait
    const arrival = { connection: 0, stream: '', at: `@${randomUUID()}`, time: clock.now() }
    if ('name' in message) add(all, await guarded(receiving, message, arrival, () => handleMessage(receiving, arrival, message)))
    else {
      const { id, stamp, stanza } = message
      add(all, await guarded(receiving, stanza, arrival, () => handleArchived(receiving, arrival, message), { id, stamp }))
    }
  }
  return all
}

async function handleAllArchived(receiving: Receiving, items: readonly Archived[]): Promise<Handled> {
  const { turn, clock, remember } = receiving
  const all = nothing()
  for (const item of items) {
    const wait = turn()
    if (wait) await wait
    const arrival = { connection: 0, stream: '', at: `@${randomUUID()}`, time: clock.now() }
    const { id, stamp, stanza } = item
    add(all, await guarded(receiving, stanza, arrival, () => handleArchived(receiving, arrival, item), { id, stamp }))
    collect(all.change, remember({ state: [noteArchived(clock, id, stamp)] }))
  }
  return all
}
