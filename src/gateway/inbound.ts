import { Problem, type StanzaErrorJson } from '../errors.ts'
import { CLIENT, type Element, element, elements } from '../stanza/element.ts'
import { errorReply } from '../stanza/error.ts'
import type { Translator } from '../stanza/translate.ts'
import type { Effect, Feature, IqAnswer, LiveSession } from './feature.ts'
import type { Change, EventDraft, StreamState } from './ports.ts'
import { dedupKey, originId, trustedStanzaId, unwrap } from './provenance.ts'

/** Stanzas handled in one commit, at most */
const BATCH = 50

export interface Inbound {
  /** takes a stanza at once and handles it in its turn */
  push(connection: number, stanza: Element, position: number): void
  /** resolves when everything pushed before is stored */
  settled(): Promise<void>
}

interface Handled {
  change: Change
  /** done once the change is stored: answers go out, waiting iqs are resolved */
  after: (() => void)[]
}

/**
 * What comes in, one stanza after the other, over all connections of a session: features say what each is, one commit
 * stores the events of a batch, and only then the stanzas count as handled towards the server and answers go out.
 */
export function createInbound({
  session,
  features,
  vocabulary,
  write,
  remember,
  stored,
  snapshot,
  reply,
  answered,
  raise,
  seenPresence,
  onForged,
  onError,
}: {
  session: LiveSession
  features: readonly Feature[]
  vocabulary: Translator
  write: (change: Change) => Promise<unknown>
  /** applies state and records of a change to memory; answers the change to write */
  remember: (change: Change) => Change
  /** tells a connection that everything up to a position is stored */
  stored: (connection: number, position: number) => void
  snapshot: (connection: number) => StreamState | null
  reply: (connection: number, stanza: Element) => void
  /** an iq of type result or error: false when nobody waited for it */
  answered: (iq: Element) => boolean
  /** an iq of a namespace that the session's callers answer: its event, or undefined when too many wait already */
  raise: (connection: number, iq: Element) => EventDraft | undefined
  seenPresence: (stanza: Element) => void
  onForged: (kind: string) => void
  onError: (error: unknown, stanza: string) => void
}): Inbound {
  const queue: { connection: number; stanza: Element; position: number }[] = []
  let running: Promise<void> | undefined
  const answers = new Map<string, IqAnswer>()
  for (const answer of features.flatMap((feature) => feature.answers ?? []))
    answers.set(`${answer.type} ${answer.name} ${answer.xmlns}`, answer)

  function push(connection: number, stanza: Element, position: number): void {
    queue.push({ connection, stanza, position })
    running ??= run().catch((error) => onError(error, 'batch'))
  }

  async function run(): Promise<void> {
    // the stanzas of one read from the socket go into one batch
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH)
      const change: Change = {}
      const after: (() => void)[] = []
      const positions = new Map<number, number>()
      for (const { connection, stanza, position } of batch) {
        positions.set(connection, position)
        const handled = await handle(connection, stanza)
        collect(change, handled.change)
        after.push(...handled.after)
      }
      const streams: Record<number, StreamState> = {}
      for (const [connection, position] of positions) {
        const state = snapshot(connection)
        if (state) streams[connection] = { ...state, inbound: position }
      }
      if (Object.keys(streams).length > 0) change.streams = streams
      if (Object.keys(change).length > 0) {
        try {
          await write(change)
        } catch (error) {
          // the session is not ours any more: nothing of this batch may be told to the server or to anybody
          queue.length = 0
          onError(error, 'batch')
          break
        }
      }
      for (const [connection, position] of positions) stored(connection, position)
      for (const step of after) step()
    }
    // in the same turn as the last look at the queue: what is pushed next starts a new run
    running = undefined
  }

  async function handle(connection: number, stanza: Element): Promise<Handled> {
    try {
      if (stanza.name === 'message') return await message(connection, stanza)
      if (stanza.name === 'presence') return await presence(connection, stanza)
      return await iq(connection, stanza)
    } catch (error) {
      onError(error, stanza.name)
      return { change: {}, after: [] }
    }
  }

  async function message(connection: number, received: Element): Promise<Handled> {
    const own = session.record.jid
    const unwrapped = unwrap(received, own)
    if (unwrapped.kind === 'forged') {
      onForged('carbon')
      return { change: {}, after: [] }
    }
    const { stanza, carbon } = unwrapped
    if (carbon === 'sent') {
      const sent = await ownRecord(stanza)
      const stanzaId = trustedStanzaId(stanza, own)
      if (sent && stanzaId !== undefined) return combine(connection, [{ records: [{ ...sent, stanzaId }] }])
      if (sent || session.isOwn(stanza.attributes.from ?? '')) return { change: {}, after: [] }
    }
    const incoming = { stanza, connection, ...(carbon ? { carbon } : {}) }
    const effects = await Promise.all(features.map((feature) => feature.message?.(incoming, session, vocabulary)))
    const handled = combine(connection, effects)
    const key = dedupKey(stanza, own)
    if (key !== undefined) for (const event of handled.change.events ?? []) if (!event.volatile) event.dedup ??= `${key} ${event.type}`
    return handled
  }

  /** The record of a message that we sent ourselves and that comes back as a copy. */
  async function ownRecord(stanza: Element) {
    const id = originId(stanza) ?? stanza.attributes.id
    return id === undefined ? undefined : await session.message(id)
  }

  async function presence(connection: number, stanza: Element): Promise<Handled> {
    seenPresence(stanza)
    const incoming = { stanza, connection }
    const handled: Handled = { change: {}, after: [] }
    for (const feature of features) {
      const effect = await feature.presence?.(incoming, session, vocabulary)
      const { change, after } = combine(connection, [effect])
      collect(handled.change, change)
      handled.after.push(...after)
    }
    return handled
  }

  async function iq(connection: number, stanza: Element): Promise<Handled> {
    const { type, id, from } = stanza.attributes
    if (type === 'result' || type === 'error') {
      const step = () => {
        if (!answered(stanza)) onForged('iq')
      }
      return { change: {}, after: [step] }
    }
    const send = (answer: Element) => () => reply(connection, answer)
    const refuse = (error: StanzaErrorJson): Handled => ({ change: {}, after: [send(errorReply(stanza, error))] })
    const payload = elements(stanza)[0]
    if ((type !== 'get' && type !== 'set') || !payload || id === undefined) return refuse({ type: 'modify', condition: 'bad-request' })
    const answer = answers.get(`${type} ${payload.name} ${payload.xmlns}`)
    try {
      if (!answer) {
        const event = session.record.handles.includes(payload.xmlns) ? raise(connection, stanza) : undefined
        return event ? { change: { events: [event] }, after: [] } : refuse({ type: 'cancel', condition: 'service-unavailable' })
      }
      const { payload: result, effect } = await answer.answer(stanza, session)
      const handled = combine(connection, [effect])
      handled.after.unshift(send(element('iq', CLIENT, { type: 'result', id, to: from }, [result])))
      return handled
    } catch (error) {
      if (error instanceof Problem && error.options.xmpp) return refuse(error.options.xmpp)
      onError(error, 'iq')
      return refuse({ type: 'cancel', condition: 'internal-server-error' })
    }
  }

  /** Effects as one change; state and records are applied to memory at once, so that the next stanza sees them. */
  function combine(connection: number, effects: readonly (Effect | undefined)[]): Handled {
    const change: Change = {}
    const after: (() => void)[] = []
    for (const effect of effects) {
      if (!effect) continue
      const { replies = [], ...rest } = effect
      collect(change, remember(rest))
      for (const answer of replies) after.push(() => reply(connection, answer))
    }
    return { change, after }
  }

  return {
    push,
    settled: async () => {
      while (running) await running
    },
  }
}

function collect(into: Change, from: Change): void {
  if (from.events?.length) into.events = [...(into.events ?? []), ...from.events]
  if (from.state?.length) into.state = [...(into.state ?? []), ...from.state]
  if (from.records?.length) into.records = [...(into.records ?? []), ...from.records]
}
