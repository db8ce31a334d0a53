import { randomUUID } from 'node:crypto'
import { errorReply } from '../../codec/stanza-error.ts'
import type { Translator } from '../../codec/translate.ts'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import { Problem } from '../../errors/problem.ts'
import { CLIENT, type Element, element, elements } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Effect, Feature, Incoming, IqAnswer } from '../contract/feature.ts'
import { joined } from '../contract/roster-and-presence.ts'
import type { Archived, LiveSession } from '../contract/session.ts'
import type { Change } from '../ports/change.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventDraft } from '../ports/event.ts'
import type { Archive } from './archive.ts'
import { noteArchived } from './archive-marks.ts'
import { type Arrival, copyOf, copyOfPrint, ofEvent } from './copies.ts'
import { gapEvent } from './gap.ts'
import { type HeldMessage, heldMessages } from './held-messages.ts'
import { forgesOwnData, isFrom, isOfAccount, ownRecord, trustedStanzaId, type Unwrapped, unwrap } from './provenance.ts'
import type { Watch } from './quarantine.ts'
import { collect, type Handled } from './queue.ts'

/** messages that wait, and characters of them as JSON; more are told at once, before what the archive brings: late is better than never */
const HELD_MAX = 20_000
const HELD_SIZE = 16 * 1024 * 1024
/** of these, messages that are let in with one commit, and characters of them after which it ends */
const RELEASED = 50
const RELEASED_SIZE = 1024 * 1024

export interface Receiver {
  /** what a stanza does; rejects only where nothing can be stored any more */
  stanza(arrival: Arrival, stanza: Element): Promise<Handled>
  /** what messages of the archive do, in the order given */
  archived(items: readonly Archived[]): Promise<Handled>
  /** from now on messages wait, stored, until `release`: what the archive brings comes before them */
  hold(): void
  /** a message that the archive has under this id waits */
  holds(stanzaId: string): boolean
  /** what the first of those that waited do; once there are no more, nothing waits any longer */
  release(): Promise<Handled>
}

/** What the rooms answer by themselves, by type, name and namespace of the iq's payload. */
export type Answers = ReadonlyMap<string, IqAnswer>

export function createAnswers(features: readonly Feature[]): Answers {
  const all = features.flatMap(({ answers = [] }) => answers)
  return new Map(all.map((answer) => [`${answer.type} ${answer.name} ${answer.xmlns}`, answer]))
}

const sizeOf = (value: unknown) => JSON.stringify(value).length

const nothing = (): Handled => ({ change: {}, after: [] })

/** Says what each incoming stanza does: where it really comes from first, then what the feature rooms make of it. */
export function createReceiver({
  session,
  turn,
  watch,
  features,
  answers,
  vocabulary,
  archive,
  remember,
  confirm,
  reply,
  answered,
  raise,
  seenPresence,
  onForged,
  onRejected,
  onError,
  clock,
}: {
  session: LiveSession
  /** to be waited for before each of many */
  turn: () => Promise<void> | undefined
  watch: Pick<Watch, 'on' | 'alone' | 'begin'>
  clock: Clock
  features: readonly Feature[]
  answers: Answers
  vocabulary: Translator
  archive: Archive
  /** applies state and records of a change to memory; answers the change to write */
  remember: (change: Change) => Change
  /** a message of ours is in the archive: it arrived */
  confirm: (message: string, stanzaId: string) => void
  reply: (connection: number, stanza: Element) => void
  /** an iq of type result or error: false when nobody waited for it */
  answered: (iq: Element) => boolean
  /** an iq of a namespace that the session's callers answer: its event, or undefined when too many wait already */
  raise: (connection: number, iq: Element) => EventDraft | undefined
  seenPresence: (stanza: Element) => void
  onForged: (kind: string) => void
  /** one is not told as what it is */
  onRejected: (reason: 'too-large' | 'quarantined') => void
  onError: (error: unknown, stanza: string) => void
}): Receiver {
  let holding = false
  let held = 0
  let heldSize = 0
  /** keys of those that are being let in, in their order */
  let releasing: string[] | undefined
  /** stanza-ids of what came while messages waited */
  const heldIds = new Set<string>()

  /** A room that fails costs its stanza, never the session. */
  async function guarded(
    received: Element,
    arrival: Arrival,
    handle: () => Handled | Promise<Handled>,
    archive?: Incoming['archive'],
  ): Promise<Handled> {
    const print = watch.on ? await watch.begin(received) : undefined
    if (print !== undefined) return leftOut(print, received, arrival, archive)
    try {
      return await handle()
    } catch (error) {
      onError(error, received.name)
      return nothing()
    }
  }

  /** Instances went over it: it is told, and whoever waits for an answer gets one. */
  function leftOut(print: string, received: Element, arrival: Arrival, archive: Incoming['archive']): Handled {
    const { connection } = arrival
    const { from, id, type } = received.attributes
    onRejected('quarantined')
    const told = gapEvent(clock, 'quarantined', { stanza: { name: received.name, from, id, type } })
    const unwrapped = received.name === 'message' ? unwrap(received, session.record.jid) : undefined
    if (unwrapped?.kind === 'own') {
      const { stanza, carbon } = unwrapped
      told.copy = copyOfPrint(print, { stanza, connection, ...(carbon && { carbon }), ...(archive && { archive }) }, arrival, context())
    }
    const isAsked = received.name === 'iq' && (type === 'get' || type === 'set')
    const error: StanzaErrorJson = { type: 'cancel', condition: 'internal-server-error' }
    return { change: { events: [told] }, after: isAsked ? [() => reply(connection, errorReply(received, error))] : [] }
  }

  function stanza(arrival: Arrival, received: Element): Promise<Handled> {
    const { connection } = arrival
    return guarded(received, arrival, () => {
      if (received.cut) return tooLarge(connection, received)
      if (received.name === 'presence') return presence(connection, received)
      if (received.name === 'iq') return iq(connection, received)
      if (archive.take(received)) return nothing()
      return holding ? wait(arrival, received) : message(arrival, received)
    })
  }

  /** What was in it nobody knows: a gap in the log, and an error to whoever waits for it or for an answer. */
  function tooLarge(connection: number, received: Element): Handled | Promise<Handled> {
    onRejected('too-large')
    const { from, id, type } = received.attributes
    if (received.name === 'iq') {
      // who waits for the answer hears that it could not be read
      if (type === 'result' || type === 'error') return iq(connection, received)
      const error: StanzaErrorJson = { type: 'modify', condition: 'policy-violation', text: 'The stanza is larger than what is read.' }
      return { change: {}, after: [() => reply(connection, errorReply(received, error))] }
    }
    const told = gapEvent(clock, 'stanza-too-large', { stanza: { name: received.name, from, id, type } })
    return { change: { events: [told] }, after: [] }
  }

  // ---- messages

  /** A message as it counts; undefined for one that somebody else made in the name of the own account. */
  function genuine(received: Element): Extract<Unwrapped, { kind: 'own' }> | undefined {
    const unwrapped = unwrap(received, session.record.jid)
    if (unwrapped.kind === 'forged') onForged('carbon')
    else if (forgesOwnData(unwrapped.stanza, session.record.jid)) onForged('pep')
    else return unwrapped
    return undefined
  }

  async function message(arrival: Arrival, received: Element): Promise<Handled> {
    const { stanza, carbon } = genuine(received) ?? {}
    if (stanza === undefined) return nothing()
    const { connection } = arrival
    const id = trustedStanzaId(stanza, session.record.jid)
    if (carbon === 'sent') {
      const sent = await ownRecord(stanza, session)
      if (sent && id !== undefined) return combine(connection, [{ records: [{ ...sent, stanzaId: id }] }])
      if (sent || session.isOwn(stanza.attributes.from ?? '')) return nothing()
    }
    const handled = await told({ stanza, connection, ...(carbon ? { carbon } : {}) }, arrival)
    if (id !== undefined && stanza.attributes.type !== 'groupchat')
      collect(handled.change, remember({ state: [noteArchived(clock, id, undefined)] }))
    return handled
  }

  async function archived(items: readonly Archived[]): Promise<Handled> {
    const all = nothing()
    for (const { id, stamp, stanza } of items) {
      const wait = turn()
      if (wait) await wait
      const arrival = { connection: 0, stream: '', at: `@${randomUUID()}`, time: clock.now() }
      const found = { id, stamp }
      const handle = async () => {
        // who could not tell this live cannot by way of the archive
        if (!genuine(stanza)) return nothing()
        const sent = isFrom(stanza, session.record.jid) ? await ownRecord(stanza, session) : undefined
        if (sent) confirm(sent.id, id)
        // the record of an own one may be over by now
        if (sent || session.isOwn(stanza.attributes.from ?? '')) return nothing()
        return await told({ stanza, connection: 0, archive: found }, arrival)
      }
      const handled = await guarded(stanza, arrival, handle, found)
      collect(all.change, handled.change)
      for (const step of handled.after) all.after.push(step)
      collect(all.change, remember({ state: [noteArchived(clock, id, stamp)] }))
    }
    return all
  }

  /** which time the session joined a room */
  const timeOf = (room: string) => String(joined(session.state, room)?.at ?? '')

  const context = () => ({ record: session.record, isOwn: session.isOwn, joined: timeOf, clock })

  /** the rooms whose business it is: the first that claims it, or all */
  function concerned(incoming: Incoming): readonly Feature[] {
    for (const feature of features) if (feature.claims?.(incoming, session) === true) return [feature]
    return features
  }

  async function told(incoming: Incoming, arrival: Arrival): Promise<Handled> {
    const handled = combine(
      incoming.connection,
      await Promise.all(concerned(incoming).map((feature) => feature.message?.(incoming, session, vocabulary))),
    )
    const events = handled.change.events ?? []
    if (events.every(({ volatile }) => volatile)) return handled
    const copy = copyOf(incoming, arrival, context())
    for (const [place, event] of events.entries()) if (!event.volatile) event.copy = place === 0 ? copy : ofEvent(copy, place)
    return handled
  }

  function wait(arrival: Arrival, stanza: Element): Handled | Promise<Handled> {
    const value: HeldMessage = { ...arrival, xml: serialize(stanza) }
    const size = sizeOf(value)
    if (session.state.all(heldMessages).size >= HELD_MAX || heldSize + size > HELD_SIZE) return message(arrival, stanza)
    held += 1
    heldSize += size
    const id = trustedStanzaId(stanza, session.record.jid)
    if (id !== undefined) heldIds.add(id)
    return { change: remember({ state: [heldMessages.put(String(held).padStart(12, '0'), value)] }), after: [] }
  }

  async function release(): Promise<Handled> {
    const all = nothing()
    releasing ??= [...session.state.all(heldMessages).keys()].sort()
    const keys = releasing
    let size = 0
    let released = 0
    for (const key of keys) {
      if (released === (watch.alone ? 1 : RELEASED) || size > RELEASED_SIZE) break
      const wait = turn()
      if (wait) await wait
      released += 1
      const kept = session.state.get(heldMessages, key)
      if (!kept) continue
      const { xml, ...arrival } = kept
      size += xml.length
      // one that a build before left has nothing but its connection
      const complete = { ...{ stream: '', at: `@${key}`, time: clock.now() }, ...arrival }
      const waited = reparse(xml)
      const handled = await guarded(waited, complete, () => message(complete, waited))
      collect(all.change, handled.change)
      for (const step of handled.after) all.after.push(step)
      // it leaves the list in the commit that stores what it did
      collect(all.change, remember({ state: [heldMessages.remove(key)] }))
    }
    // messages began to wait anew meanwhile
    if (releasing !== keys) return all
    releasing = keys.slice(released)
    if (releasing.length > 0) return { ...all, more: true }
    releasing = undefined
    holding = false
    heldSize = 0
    heldIds.clear()
    return all
  }

  // ---- presence and iqs

  async function presence(connection: number, received: Element): Promise<Handled> {
    seenPresence(received)
    const all = nothing()
    const incoming: Incoming = { stanza: received, connection }
    for (const feature of concerned(incoming)) {
      const { change, after } = combine(connection, [await feature.presence?.(incoming, session, vocabulary)])
      collect(all.change, change)
      all.after.push(...after)
    }
    return all
  }

  async function iq(connection: number, received: Element): Promise<Handled> {
    const { type, id, from } = received.attributes
    const after = (step: () => void): Handled => ({ change: {}, after: [step] })
    if (type === 'result' || type === 'error')
      return after(() => {
        if (!answered(received)) onForged('iq')
      })
    const refuse = (error: StanzaErrorJson): Handled => after(() => reply(connection, errorReply(received, error)))
    const payload = elements(received)[0]
    if ((type !== 'get' && type !== 'set') || !payload || id === undefined) return refuse({ type: 'modify', condition: 'bad-request' })
    const answer = answers.get(`${type} ${payload.name} ${payload.xmlns}`)
    if (!answer) {
      if (!session.record.handles.includes(payload.xmlns)) return refuse({ type: 'cancel', condition: 'service-unavailable' })
      const event = raise(connection, received)
      if (event) return { change: { events: [event] }, after: [] }
      return refuse({ type: 'wait', condition: 'resource-constraint', text: 'Too many requests wait for an answer already.' })
    }
    if (answer.ownAccount === true && !isOfAccount(received, session.record.jid)) {
      onForged('push')
      return refuse({ type: 'cancel', condition: 'service-unavailable' })
    }
    try {
      const { payload: result, effect } = await answer.answer(received, session)
      const handled = combine(connection, [effect])
      handled.after.unshift(() => reply(connection, element('iq', CLIENT, { type: 'result', id, to: from }, [result])))
      return handled
    } catch (error) {
      if (error instanceof Problem && error.options.xmpp) return refuse(error.options.xmpp)
      onError(error, 'iq')
      return refuse({ type: 'cancel', condition: 'internal-server-error' })
    }
  }

  /** Effects as one change; state and records are applied to memory at once, so that the next stanza sees them. */
  function combine(connection: number, effects: readonly (Effect | undefined)[]): Handled {
    const all = nothing()
    for (const effect of effects) {
      if (!effect) continue
      const { replies = [], ...rest } = effect
      collect(all.change, remember(rest))
      for (const answer of replies) all.after.push(() => reply(connection, answer))
    }
    return all
  }

  return {
    stanza,
    archived,
    hold: () => {
      holding = true
      releasing = undefined
      // behind what an earlier catch-up left waiting
      const left = session.state.all(heldMessages)
      for (const key of left.keys()) held = Math.max(held, Number(key))
      heldSize = [...left.values()].reduce((sum: number, value) => sum + sizeOf(value), 0)
    },
    holds: (stanzaId) => heldIds.has(stanzaId),
    release,
  }
}
