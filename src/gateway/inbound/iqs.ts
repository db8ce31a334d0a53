import { errorReply } from '../../codec/stanza-error.ts'
import type { StanzaErrorJson } from '../../errors/catalogue.ts'
import { Problem } from '../../errors/problem.ts'
import { CLIENT, type Element, element, elements } from '../../xml/element.ts'
import type { Feature } from '../contract/feature.ts'
import { isOfAccount } from './provenance.ts'
import type { Handled } from './queue.ts'
import { combine, type IqAnswers, type Receiving } from './receiving.ts'

export function createIqAnswers(features: readonly Feature[]): IqAnswers {
  const all = features.flatMap(({ answers = [] }) => answers)
  return new Map(all.map((answer) => [`${answer.type} ${answer.name} ${answer.xmlns}`, answer]))
}

/** A result goes to whoever waits for it; a request is answered by a room, by a caller, or refused. */
export async function handleIq(receiving: Receiving, connection: number, received: Element): Promise<Handled> {
  const { session, answers, wire, correlator, raised, reports } = receiving
  const { type, id, from } = received.attributes
  const after = (step: () => void): Handled => ({ change: {}, after: [step] })
  if (type === 'result' || type === 'error')
    return after(() => {
      if (!correlator.answer(received)) reports.forged('iq')
    })
  const refuse = (error: StanzaErrorJson): Handled => after(() => wire.reply(connection, errorReply(received, error)))
  const payload = elements(received)[0]
  if ((type !== 'get' && type !== 'set') || !payload || id === undefined) return refuse({ type: 'modify', condition: 'bad-request' })
  const answer = answers.get(`${type} ${payload.name} ${payload.xmlns}`)
  if (!answer) {
    if (!session.record.handles.includes(payload.xmlns)) return refuse({ type: 'cancel', condition: 'service-unavailable' })
    const event = raised.raise(connection, received)
    if (event) return { change: { events: [event] }, after: [] }
    return refuse({ type: 'wait', condition: 'resource-constraint', text: 'Too many requests wait for an answer already.' })
  }
  if (answer.ownAccount === true && !isOfAccount(received, session.record.jid)) {
    reports.forged('push')
    return refuse({ type: 'cancel', condition: 'service-unavailable' })
  }
  try {
    const { payload: result, effect } = await answer.answer(received, session)
    const handled = combine(receiving, connection, [effect])
    handled.after.unshift(() => wire.reply(connection, element('iq', CLIENT, { type: 'result', id, to: from }, [result])))
    return handled
  } catch (error) {
    if (error instanceof Problem && error.options.xmpp) return refuse(error.options.xmpp)
    reports.error(error, 'iq')
    return refuse({ type: 'cancel', condition: 'internal-server-error' })
  }
}
