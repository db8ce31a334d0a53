import { z } from 'zod'
import { ofSpeakers, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { from, speaker } from '../../api/speaker.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { progressSchema, recordSchema } from '../../gateway/contract/message-json.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { ID_MAX } from '../../gateway/ids.ts'
import { recordJson } from '../../gateway/outbox/message-record.ts'
import { fileLink, withFile } from '../file-message.ts'
import { sendMessage } from '../outgoing-message.ts'
import { kindOf, marked } from '../to-rooms.ts'
import { archiveOperation } from './archive.ts'
import { batchOperation } from './batch.ts'
import { accepted, delivered } from './examples.ts'

export function messageOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const body = vocabulary.schemas.message
    .omit({ from: true })
    .extend({
      to: jid.schema,
      from,
      id: z.string().min(1).max(ID_MAX).optional().meta({ description: "The caller's own id, unique within 24 hours" }),
      file: fileLink.optional().meta({ description: 'A file to tell of: the body is its URL then' }),
      expiresIn: z.number().positive().max(604_800).optional().meta({ description: 'Seconds after which it is not sent any more' }),
    })
    .meta({ id: 'NewMessage' })

  const send = operation({
    id: 'messages.send',
    method: 'POST',
    path: '/messages',
    summary: 'Send a message',
    description:
      'Answers 202 as soon as the message is in the outbox. With `Prefer: wait=N` (at most 60) it waits for the acknowledgement of the own server, ' +
      'with `level=delivered` for the receipt of the recipient, and answers 200 when that came in time. `type` is `chat` by default, `groupchat` to a room of the session: there it waits until the room is joined, and is delivered when the room sends it back.',
    traced: true,
    scope: 'messages:write',
    session: 'named',
    components: 'own',
    query: z.strictObject({
      level: z.enum(['acked', 'delivered']).optional().meta({ description: 'What `Prefer: wait` waits for; acked by default' }),
    }),
    body,
    answers: {
      200: { description: 'The level asked for was reached', schema: progressSchema },
      202: { description: 'In the outbox', schema: progressSchema },
    },
    prefer: ['wait'],
    problems: ['id-in-use', 'room-not-joined', 'session-stopped', 'outbox-full', ...ofStanzas, ...ofSpeakers],
    examples: {
      body: {
        text: { to: 'juliet@example.com', body: 'Art thou not Romeo, and a Montague?' },
        'receipt wanted': {
          to: 'juliet@example.com',
          id: 'order-4711',
          body: 'Your order is on its way.',
          receipt: { type: 'request' },
          expiresIn: 3600,
        },
        correction: { to: 'juliet@example.com', body: 'Your order arrives today.', replace: 'order-4711' },
        file: { to: 'juliet@example.com', file: { url: 'https://upload.example.com/f0f8a3b2/balcony.jpg', mediaType: 'image/jpeg' } },
        reaction: { to: 'juliet@example.com', reactions: { id: 'order-4711', reactions: ['👍'] } },
      },
      200: { delivered: { ...accepted, status: 'delivered' } },
      202: { accepted },
    },
    idempotency: 'own',
    async run(call) {
      const { expiresIn, from, ...json } = call.body
      const session = speaker(call.session, from)
      const kind = await kindOf(json, session)
      const stanza = named('body', () => marked(vocabulary.write('message', withFile({ type: kind.type, ...json })), kind))
      const { level } = call.query
      return await sendMessage({ ...call, session }, stanza, {
        limit: limits.stanza,
        ...(expiresIn ? { expiresIn } : {}),
        ...(level ? { level } : {}),
      })
    },
  })

  const get = operation({
    id: 'messages.get',
    method: 'GET',
    path: '/messages/{id}',
    summary: 'Read how far a message came',
    scope: 'messages:read',
    session: { by: 'message', missing: 'message-not-found' },
    components: 'whole',
    params: z.object({ id: z.string() }),
    answers: { 200: { description: 'The record', schema: recordSchema } },
    problems: [],
    examples: { 200: { delivered } },
    async run({ session, params }) {
      const found = await session.message(params.id)
      if (!found) throw new Problem('message-not-found', 'There is no such message.')
      return { status: 200, body: recordJson(found) }
    },
  })

  return [send, get, batchOperation({ vocabulary, limits, message: body }), archiveOperation(vocabulary)]
}
