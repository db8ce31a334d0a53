import { z } from 'zod'
import { ofOwner, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { type StanzaJson, type StanzaKind, stanzaKinds, type Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Answer, Operation, SessionCall } from '../../gateway/contract/operation.ts'
import { sendStanza } from '../../gateway/session/commands.ts'
import { type Element, elements, withAttributes } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import { askLater } from '../outgoing-iq.ts'
import { identified, sendMessage, withinLimit } from '../outgoing-message.ts'
import { sendPresence, setPresence, WRITE_WITHIN } from '../outgoing-presence.ts'
import { checked, readXml, spoken } from '../stanza-xml.ts'

type StanzaBody = Partial<Record<StanzaKind, StanzaJson>>

export function stanzaOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const { message, presence, iq } = vocabulary.schemas
  const body = z.strictObject({ message: message.optional(), presence: presence.optional(), iq: iq.optional() }).meta({
    id: 'Stanza',
    description: 'Exactly one of message, presence and iq',
  })
  const sent = z.object({ id: z.string(), status: z.string().optional(), originId: z.string().optional() }).meta({ id: 'StanzaSent' })

  /** One stanza from JSON or XML. `received`: as one that came in, addresses that are none included, or as it is written down with comments. */
  function read(given: string | StanzaBody, received: boolean): Element {
    if (typeof given === 'string') return checked(readXml(given, 'body', limits.stanza, { comments: received }), received)
    const [kind, ...more] = stanzaKinds.filter((one) => given[one] !== undefined)
    const json = kind && given[kind]
    if (kind === undefined || json === undefined || more.length > 0)
      throw new Problem('not-a-stanza', 'The body must hold exactly one of message, presence and iq.')
    return named(`body.${kind}`, () => vocabulary.write(kind, json, { received }))
  }

  const send = operation({
    id: 'stanzas.send',
    method: 'POST',
    path: '/stanzas',
    summary: 'Send any stanza, as JSON or XML',
    description:
      'XML is parsed and written anew, never pasted. A message goes through the outbox like one of `POST /messages`; an iq answers as `iq.completed`. ' +
      'The sender is always the account, or the address of a component that is its `from`. With `dryRun=true` nothing is sent: the answer is the XML.',
    traced: true,
    scope: 'stanzas:write',
    session: 'named',
    components: 'own',
    query: z.strictObject({ dryRun: z.enum(['true', 'false']).optional() }),
    body,
    xmlBody: true,
    xmlAnswer: true,
    answers: {
      200: { description: 'With dryRun: the XML', schema: z.string(), contentType: 'application/xml' },
      202: { description: 'Accepted; an iq is answered by iq.completed', schema: sent },
    },
    prefer: ['wait'],
    problems: ['xml-malformed', 'from-not-allowed', 'id-in-use', 'outbox-full', 'given-up', ...ofStanzas, ...ofOwner],
    examples: {
      body: {
        message: { message: { to: 'juliet@example.com', body: 'Art thou there?' } },
        presence: { presence: { to: 'juliet@example.com', type: 'subscribe' } },
        iq: { iq: { type: 'get', to: 'example.com', payload: { ping: {} } } },
        XML: '<message to="juliet@example.com" type="chat"><body>Art thou there?</body></message>',
      },
      202: { 'a message': { id: 'b4c1', status: 'accepted', originId: 'b4c1' }, 'presence or an iq': { id: 'b4c2' } },
    },
    idempotency: 'generic',
    async run(given) {
      const { stanza, session } = await spoken(read(given.body, false), given.session)
      const call = { ...given, session }
      withinLimit(stanza, limits.stanza)
      if (call.query.dryRun === 'true') {
        const shown = stanza.name === 'message' ? identified(stanza, session.record.id) : stanza
        return { status: 200, body: serialize(withAttributes(shown, { from: session.address }), ''), contentType: 'application/xml' }
      }
      if (stanza.name === 'message') return await sendMessage(call, stanza, { limit: limits.stanza })
      return stanza.name === 'presence' ? await sendAnyPresence(call, stanza) : await sendIq(call, stanza)
    },
  })

  async function sendAnyPresence({ session, signal }: SessionCall, stanza: Element): Promise<Answer> {
    const { to, type, id } = stanza.attributes
    if (to !== undefined) return await sendPresence(stanza, { session, signal, limit: limits.stanza })
    if (type !== undefined && type !== 'unavailable') throw invalidRequest('body.to', 'is required for this type of presence')
    const { type: _, id: __, ...json } = vocabulary.read(stanza).json
    const status = typeof json.status === 'string' ? { status: json.status } : {}
    const wanted = type === 'unavailable' ? { presence: false as const, ...status } : { presence: json }
    await session.perform(setPresence, wanted, { timeout: WRITE_WITHIN, signal })
    return { status: 202, body: id === undefined ? {} : { id } }
  }

  async function sendIq(call: SessionCall, stanza: Element): Promise<Answer> {
    const { type, to, id } = stanza.attributes
    const [payload] = elements(stanza)
    if (type === 'result' || type === 'error') {
      if (to === undefined || id === undefined) throw invalidRequest('body', 'an answer needs the `to` and `id` of its request')
      await call.session.perform(sendStanza, { xml: serialize(stanza) }, { timeout: WRITE_WITHIN, signal: call.signal })
      return { status: 202, body: { id } }
    }
    if (type !== 'get' && type !== 'set') throw invalidRequest('body.type', 'must be get or set')
    if (!payload || elements(stanza).length > 1) throw invalidRequest('body', 'an iq has exactly one payload')
    return await askLater(call, { type, payload, ...(to === undefined ? {} : { to }), ...(id === undefined ? {} : { id }) })
  }

  const translate = operation({
    id: 'translate',
    method: 'POST',
    path: '/translate',
    summary: 'Translate a stanza between XML and JSON, without sending it',
    description: 'Comments in the XML are left out.',
    scope: null,
    rate: 'read',
    session: 'none',
    body,
    xmlBody: true,
    xmlAnswer: true,
    answers: { 200: { description: 'JSON for XML, XML for JSON', schema: body } },
    problems: ['xml-malformed', ...ofStanzas],
    examples: {
      body: {
        JSON: { message: { to: 'juliet@example.com', body: 'Art thou there?' } },
        XML: '<message to="juliet@example.com"><body>Art thou there?</body></message>',
      },
      200: {
        JSON: { message: { to: 'juliet@example.com', body: 'Art thou there?' } },
        XML: '<message to="juliet@example.com" xmlns="jabber:client"><body>Art thou there?</body></message>',
      },
    },
    async run({ body: given }) {
      const stanza = read(given, true)
      if (typeof given !== 'string') return { status: 200, body: serialize(stanza, ''), contentType: 'application/xml' }
      const { kind, json } = vocabulary.read(stanza, { received: true })
      return { status: 200, body: { [kind]: json } }
    },
  })

  return [send, translate]
}
