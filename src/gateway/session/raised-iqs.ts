import { errorReply } from '../../codec/stanza-error.ts'
import type { Translator } from '../../codec/translate.ts'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import { Problem } from '../../errors/problem.ts'
import { CLIENT, type Element, element, withAttributes } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import type { IqReply } from '../contract/iq-reply.ts'
import { checkRecipient } from '../contract/recipients.ts'
import { newIqId } from '../ids.ts'
import type { EventDraft } from '../ports/event.ts'

/** ms that a caller has to answer an iq that was raised as `iq.requested` */
const ANSWER_WITHIN = 20_000
/** raised iqs of one session that wait at one time */
const WAITING = 100

/** The iqs that others asked this session and that its callers answer (`handles`). */
export interface RaisedIqs {
  /** Its event, whose subject is the id to answer by; undefined when too many wait already. `as`: who answers, of a component. */
  raise(connection: number, iq: Element, as?: string): EventDraft | undefined
  /** `id`: as told by the event's subject, or the iq's own id where that is unambiguous. Throws iq-not-found. */
  reply(answer: IqReply): void
  /** nobody waits for an answer of ours */
  isIdle(): boolean
  stop(): void
}

export const createRaisedIqs = (context: RaisedContext): RaisedIqs => new RaisedBySession(context)

interface RaisedContext {
  session: string
  wire: { reply(connection: number, stanza: Element): void }
  vocabulary: Translator
}

interface Raised {
  connection: number
  iq: Element
  as: string | undefined
  timer: NodeJS.Timeout
}

/** A class because each session has one, and there are thousands of sessions. */
class RaisedBySession implements RaisedIqs {
  readonly #context: RaisedContext
  /** few sessions ever have any */
  #waiting: Map<string, Raised> | undefined

  constructor(context: RaisedContext) {
    this.#context = context
  }

  raise(connection: number, iq: Element, as?: string): EventDraft | undefined {
    const { session, vocabulary } = this.#context
    this.#waiting ??= new Map()
    if (this.#waiting.size >= WAITING) return undefined
    const id = newIqId(session)
    const unanswered: StanzaErrorJson = { type: 'wait', condition: 'recipient-unavailable', text: 'Nobody answered in time.' }
    const timer = setTimeout(() => this.#settle(id, (request) => errorReply(request, unanswered)), ANSWER_WITHIN)
    // what it asks is in the event; the answer needs to know who asked
    this.#waiting.set(id, { connection, iq: { ...iq, children: [] }, as, timer })
    return { type: 'iq.requested', subject: id, data: vocabulary.read(iq).json }
  }

  reply({ id, to, xml, payload, error }: IqReply): void {
    const { vocabulary } = this.#context
    const byOwnId = [...(this.#waiting ?? [])].filter(([, { iq }]) => iq.attributes.id === id).map(([key]) => key)
    const key = this.#waiting?.has(id) || byOwnId.length !== 1 ? id : (byOwnId[0] as string)
    this.#settle(key, (iq) => {
      if (to) checkRecipient(to, iq.attributes.from ?? '', to.own)
      if (error) return errorReply(iq, error)
      const result = xml === undefined ? payload && vocabulary.writePayload(payload) : reparse(xml)
      return element('iq', CLIENT, { type: 'result', id: iq.attributes.id, to: iq.attributes.from }, [result])
    })
  }

  isIdle(): boolean {
    return this.#waiting === undefined || this.#waiting.size === 0
  }

  stop(): void {
    for (const { timer } of this.#waiting?.values() ?? []) clearTimeout(timer)
    this.#waiting = undefined
  }

  #settle(id: string, answer: (iq: Element) => Element): void {
    const found = this.#waiting?.get(id)
    if (!found) throw new Problem('iq-not-found', 'No such iq waits for an answer: it was answered already, or its 20 s are over.')
    const stanza = answer(found.iq)
    clearTimeout(found.timer)
    this.#waiting?.delete(id)
    this.#context.wire.reply(found.connection, found.as === undefined ? stanza : withAttributes(stanza, { from: found.as }))
  }
}
