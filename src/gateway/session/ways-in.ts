import { createAddresses } from '../component/addresses.ts'
import { createNoArchive } from '../component/no-archive.ts'
import type { Feature } from '../contract/feature.ts'
import type { Repeated } from '../contract/repeated.ts'
import { type Archive, createArchive } from '../inbound/archive.ts'
import { type CatchUp, type CatchUpContext, createCatchUp } from '../inbound/catch-up.ts'
import { createReceiver, type Receiver } from '../inbound/dispatch.ts'
import type { IqAnswers, Receiving } from '../inbound/receiving.ts'
import type { Store } from '../ports/store.ts'
import type { Commands } from './commands.ts'
import type { Reports } from './reports.ts'
import type { OwnSession } from './session.ts'

/** What sessions of accounts do, and what those of components do. */
export interface KindOfSession {
  features: readonly Feature[]
  commands: Commands
  answers: IqAnswers
}

/** By which a session takes in what comes, and what was missed. */
interface WaysIn {
  receiver: Pick<Receiver, 'stanza'>
  catchUp: CatchUp
}

interface WaysInContext extends Omit<Receiving, 'archive'>, Omit<CatchUpContext, 'archive' | 'receiver' | 'features'> {
  /** gets what is known of it only now */
  session: OwnSession
  watch: Receiving['watch'] & CatchUpContext['watch']
  outbox: Receiving['outbox'] & CatchUpContext['outbox']
  repeated: Pick<Repeated, 'ask'>
  reports: Receiving['reports'] & Pick<Reports, 'full'>
  store: Pick<Store, 'log' | 'sessions'>
}

export const waysIn = (context: WaysInContext): WaysIn => (context.session.record.component ? ofComponent(context) : ofAccount(context))

function ofAccount(context: WaysInContext): WaysIn {
  const { session, features, repeated, inbound, reports, outbox, store, clock, watch, announcer } = context
  const archive = createArchive({ session, reports })
  session.archive = (...query) => archive.page(...query)
  const receiver = createReceiver({ ...receivingOf(context), archive })
  const repeatedArchive = { page: (...query: Parameters<Archive['page']>) => repeated.ask('archive', () => archive.page(...query)) }
  const catchUp = createCatchUp({ session, features, archive: repeatedArchive, inbound, receiver, outbox, store, clock, watch, announcer })
  session.catchUp = () => catchUp.run()
  session.takeIn = (messages) => inbound.enqueue(() => receiver.takenIn(messages()))
  return { receiver, catchUp }
}

/** Each of its addresses takes in what is for it. */
function ofComponent(context: WaysInContext): WaysIn {
  const { session, features, inbound, reports, outbox, store, clock, announcer } = context
  const addresses = createAddresses({ receiving: receivingOf(context), inbound, reports })
  session.as = addresses.session
  session.addresses = addresses.all
  return { receiver: addresses.receiver, catchUp: createNoArchive({ session, features, outbox, store, clock, announcer }) }
}

/** nothing else: each session keeps it */
function receivingOf(context: WaysInContext): Omit<Receiving, 'archive'> {
  const { session, features, answers, turn, watch, clock, vocabulary, remember, outbox, wire, correlator, raised, resync, reports } =
    context
  return { session, features, answers, turn, watch, clock, vocabulary, remember, outbox, wire, correlator, raised, resync, reports }
}
