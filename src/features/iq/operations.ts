import { z } from 'zod'
import { ofIqs, ofOwner, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { applying } from '../../api/preference.ts'
import { from, speaker } from '../../api/speaker.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { type Condition, conditions, errorTypes } from '../../errors/catalogue.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { IqReply } from '../../gateway/contract/iq-reply.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { replyToIq } from '../../gateway/session/commands.ts'
import { isNCName } from '../../xml/characters.ts'
import { type Element, elements } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import { keptJson, keptSchema } from '../kept-iq.ts'
import { ask, askLater, resultJson, secondsOf } from '../outgoing-iq.ts'
import { withinLimit } from '../outgoing-message.ts'
import { checked, readXml, spoken } from '../stanza-xml.ts'

/** ms for the owner to send an answer */
const REPLY_WITHIN = 5_000

interface Content {
  payload?: Record<string, unknown>
  xml?: string
}

interface NewIq extends Content {
  type: 'get' | 'set'
  from?: string
  to?: string
  /** of an iq that is given as XML */
  id?: string
}

/** RFC 6120 section 8.3 */
const failure = z
  .strictObject({
    type: z.enum(errorTypes).optional().meta({ description: 'default cancel' }),
    condition: z.enum(Object.keys(conditions) as [Condition, ...Condition[]]),
    text: z.string().optional(),
    applicationCondition: z
      .strictObject({ name: z.string().refine(isNCName, 'must be a name that an XML element can have'), xmlns: z.string().min(1) })
      .optional(),
  })
  .meta({ id: 'IqReplyError' })

export function iqOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const content = {
    payload: vocabulary.schemas.payload.optional(),
    xml: z.string().optional().meta({ description: 'The payload as XML, in place of `payload`' }),
  }
  const request = z.strictObject({ type: z.enum(['get', 'set']), from, to: jid.schema.optional(), ...content }).meta({ id: 'NewIq' })
  const result = z
    .looseObject({ id: z.string(), type: z.literal('result'), from: z.string(), payload: vocabulary.schemas.payload.optional() })
    .meta({ id: 'IqResult' })
  const reply = z
    .strictObject({ ...content, error: failure.optional() })
    .meta({ id: 'IqReply', description: 'A result with or without a payload, or an error' })

  /** Exactly one element, as JSON or as XML. */
  function payloadOf({ payload, xml }: Content): Element | undefined {
    if (payload !== undefined && xml !== undefined) throw invalidRequest('body.xml', 'must not stand beside payload')
    if (xml !== undefined) return readXml(xml, 'body.xml', limits.stanza)
    return payload && named('body', () => vocabulary.writePayload(payload))
  }

  /** An iq as XML, and as whom it is sent. */
  async function fromXml(xml: string, whole: SessionHandle): Promise<{ session: SessionHandle; iq: NewIq }> {
    const { stanza, session } = await spoken(checked(readXml(xml, 'body', limits.stanza), false), whole)
    const { type, to, id } = stanza.attributes
    const [payload, ...more] = elements(stanza)
    if (stanza.name !== 'iq') throw new Problem('not-a-stanza', `A ${stanza.name} is no iq.`)
    if (type !== 'get' && type !== 'set') throw invalidRequest('body.type', 'must be get or set')
    if (!payload || more.length > 0) throw invalidRequest('body', 'an iq has exactly one payload')
    const iq: NewIq = { type, ...(to === undefined ? {} : { to }), ...(id === undefined ? {} : { id }), xml: serialize(payload) }
    return { session, iq }
  }

  const send = operation({
    id: 'iq.send',
    method: 'POST',
    path: '/iq',
    summary: 'Ask somebody, and get the answer',
    description:
      'Waits for the answer (`Prefer: wait=N`, at most 120 s; default 30 s, and longer while the answer is on its way over a slow link); ' +
      'an error from the other side becomes a problem. ' +
      'With `Prefer: respond-async` it answers 202 at once: the outcome comes as the event `iq.completed`, and is kept for an hour. ' +
      'As `application/xml` the body is the whole iq.',
    traced: true,
    scope: 'iq:write',
    session: 'named',
    components: 'own',
    body: request,
    xmlBody: true,
    xmlAnswer: true,
    answers: {
      200: { description: 'The answer', schema: result },
      202: { description: 'Sent; the answer is kept', schema: keptSchema },
    },
    prefer: ['wait', 'respond-async'],
    problems: ['xml-malformed', 'from-not-allowed', ...ofStanzas, ...ofIqs],
    examples: {
      body: {
        ping: { type: 'get', to: 'example.com', payload: { ping: {} } },
        'payload as XML': { type: 'get', to: 'example.com', xml: '<query xmlns="http://jabber.org/protocol/disco#info"/>' },
        'the whole iq as XML': '<iq type="get" to="example.com"><ping xmlns="urn:xmpp:ping"/></iq>',
      },
      200: { pong: { id: 'iq_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg', type: 'result', from: 'example.com' } },
      202: { pending: { id: 'iq_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg', status: 'pending' } },
    },
    async run(asked) {
      const { body } = asked
      const { session, iq } =
        typeof body === 'string' ? await fromXml(body, asked.session) : { session: speaker(asked.session, body.from), iq: body as NewIq }
      const { type, to, id, from: _, ...given } = iq
      const call = { ...asked, session }
      const payload = payloadOf(given)
      if (!payload) throw invalidRequest('body.payload', 'is required')
      withinLimit(payload, limits.stanza)
      const question = { type, payload, ...(to === undefined ? {} : { to }), ...(id === undefined ? {} : { id }) }
      if (call.prefer.respondAsync) return { ...(await askLater(call, question)), preferenceApplied: 'respond-async' }
      // no wait at all is not what was done
      return applying(call.prefer.wait ? `wait=${secondsOf(call.prefer)}` : undefined, async () => {
        const answer = await ask(call, question)
        if (call.accept === 'application/xml') return { status: 200, body: serialize(answer, ''), contentType: 'application/xml' }
        return { status: 200, body: resultJson(answer, session.record.jid, vocabulary, to) }
      })
    },
  })

  const get = operation({
    id: 'iq.get',
    method: 'GET',
    path: '/iq/{id}',
    summary: 'Read the outcome of an iq that was sent with respond-async',
    scope: 'iq:read',
    session: { by: 'iq', missing: 'iq-not-found' },
    components: 'whole',
    params: z.object({ id: z.string() }),
    answers: { 200: { description: 'The outcome', schema: keptSchema } },
    problems: [],
    examples: {
      200: {
        pending: { id: 'iq_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg', status: 'pending' },
        answered: {
          id: 'iq_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg',
          status: 'result',
          iq: { id: 'iq_mT5C0bO9p0sZbq1xkPsu1Ak9FQ0d7VtT2mXw4Lr8YzBg', type: 'result', from: 'example.com' },
        },
      },
    },
    async run({ session, params }) {
      const kept = await session.keptIq(params.id)
      if (!kept) throw new Problem('iq-not-found', 'There is no such iq, or its hour is over.')
      return { status: 200, body: keptJson(kept) }
    },
  })

  const answer = operation({
    id: 'iq.reply',
    method: 'POST',
    path: '/iq/{id}/reply',
    summary: 'Answer an iq that was raised as iq.requested, within 20 s',
    scope: 'iq:write',
    session: { by: 'iq', missing: 'iq-not-found' },
    components: 'whole',
    params: z.object({ id: z.string().meta({ description: 'The subject of the event' }) }),
    body: reply,
    answers: { 204: { description: 'Sent' } },
    problems: ['xml-malformed', ...ofStanzas, ...ofOwner],
    examples: {
      body: {
        result: { xml: '<order xmlns="urn:example:orders" state="sent"/>' },
        'an empty result': {},
        error: { error: { condition: 'item-not-found', text: 'There is no such order.' } },
      },
    },
    async run({ session, params, body, signal }) {
      const payload = payloadOf(body)
      if (body.error !== undefined && payload) throw invalidRequest('body.error', 'must not stand beside a payload')
      const xml = payload && withinLimit(payload, limits.stanza)
      const answer: IqReply = {
        id: params.id,
        ...(session.recipients && { to: { recipients: session.recipients, own: session.record.jid } }),
        ...(xml === undefined ? {} : { xml }),
        ...(body.error === undefined ? {} : { error: { type: 'cancel', ...body.error } }),
      }
      await session.perform(replyToIq, answer, { timeout: REPLY_WITHIN, signal })
      return { status: 204 }
    },
  })

  return [send, get, answer]
}
