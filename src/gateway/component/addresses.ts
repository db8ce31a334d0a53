import { comparable, withoutResource } from '../../jid.ts'
import type { Element } from '../../xml/element.ts'
import type { LiveSession } from '../contract/session.ts'
import { createArchive } from '../inbound/archive.ts'
import { createReceiver, type Receiver } from '../inbound/dispatch.ts'
import type { Inbound } from '../inbound/queue.ts'
import type { Receiving } from '../inbound/receiving.ts'
import type { Reports } from '../session/reports.ts'
import { createAddressSession, sentBy } from './address-session.ts'
import { placedChange } from './places.ts'

/** addresses that are remembered before those are forgotten that nothing is about any more */
const SWEEP_FROM = 1_000

/** The addresses of a component that something is about now. */
export interface Addresses {
  /** as that address */
  session(address: string): LiveSession
  receiver: Pick<Receiver, 'stanza'>
  /** those that are known here */
  all(): LiveSession[]
}

interface AddressesContext {
  receiving: Omit<Receiving, 'archive'>
  inbound: Pick<Inbound, 'enqueue'>
  reports: Pick<Reports, 'forged' | 'full'>
}

/**
 * Each address is made when something is about it, and goes when nothing holds on to it: anybody can write to any number of them, and
 * what an address knows is in the state of the component.
 */
export function createAddresses({ receiving: base, inbound, reports }: AddressesContext): Addresses {
  const known = new Map<string, WeakRef<LiveSession>>()
  const receivers = new WeakMap<LiveSession, Receiver>()
  let sweepAt = SWEEP_FROM

  function make(address: string): LiveSession {
    const session = createAddressSession(base.session, address, {
      archive: (...query) => archive.page(...query),
      takeIn: (messages) => inbound.enqueue(() => receiver.takenIn(messages())),
    })
    const archive = createArchive({ session, reports })
    const receiver = createReceiver({
      ...base,
      session,
      archive,
      remember: (change) => base.remember(placedChange(change, address, base.session.state)),
      wire: { reply: (connection, stanza) => base.wire.reply(connection, sentBy(stanza, address)) },
      raised: { raise: (connection, iq) => base.raised.raise(connection, iq, address) },
    })
    receivers.set(session, receiver)
    return session
  }

  function sweep(): void {
    for (const [address, session] of known) if (session.deref() === undefined) known.delete(address)
    sweepAt = Math.max(SWEEP_FROM, known.size * 2)
  }

  function session(text: string): LiveSession {
    const address = comparable(text)
    const there = known.get(address)?.deref()
    if (there) return there
    if (known.size >= sweepAt) sweep()
    const made = make(address)
    known.set(address, new WeakRef(made))
    return made
  }

  return {
    session,
    receiver: {
      stanza: (arrival, stanza) => receivers.get(session(receiverOf(stanza) ?? base.session.record.jid))!.stanza(arrival, stanza),
    },
    all: () => [...known.values()].flatMap((one) => one.deref() ?? []),
  }
}

/** Subscriptions are between accounts, whatever is written (RFC 6121 section 3). */
const ofAccounts = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe'])

function receiverOf({ name, attributes: { to, type = '' } }: Element): string | undefined {
  return to !== undefined && name === 'presence' && ofAccounts.has(type) ? withoutResource(to) : to
}
