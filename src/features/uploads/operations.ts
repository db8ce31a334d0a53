import { z } from 'zod'
import { ofIqs, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { checkScope } from '../../api/scopes.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { bodyTooLarge } from '../../errors/refusals.ts'
import type { FeatureContext } from '../../gateway/contract/feature.ts'
import { progressSchema } from '../../gateway/contract/message-json.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { checkRecipient } from '../../gateway/contract/recipients.ts'
import { jid } from '../../jid.ts'
import { fileShape, withFile } from '../file-message.ts'
import { sendMessage } from '../outgoing-message.ts'
import { kindOf, marked } from '../to-rooms.ts'
import { fileNameOf } from './name.ts'
import { askForSlot, createTurns, sendFile } from './sending.ts'

const problems = ['upload-unavailable', 'upload-failed', 'body-too-large', ...ofIqs] as const

const uploaded = z
  .object({
    url: fileShape.url,
    size: z.int().min(0),
    mediaType: z.string(),
    fileName: z.string(),
    sha256: z.string().meta({ description: 'in hex' }),
    message: progressSchema.optional().meta({ description: 'With `to`: the message that tells of the file' }),
  })
  .meta({ id: 'UploadedFile' })

const slot = z
  .object({
    put: z
      .object({ url: z.string(), headers: z.record(z.string(), z.string()) })
      .meta({ description: 'Where the file is to be sent, by a PUT request with these headers and its exact Content-Length' }),
    get: z.string().meta({ description: 'Where it is then' }),
  })
  .meta({ id: 'UploadPlace' })

const photo = { fileName: 'balcony.jpg', size: 48_213, mediaType: 'image/jpeg' }
const example = {
  url: 'https://upload.example.com/f0f8a3b2/balcony.jpg',
  ...photo,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
}

export function uploadOperations({ vocabulary, limits, put }: Pick<FeatureContext, 'vocabulary' | 'limits' | 'put'>): Operation[] {
  const inTurn = createTurns()

  const create = operation({
    id: 'uploads.create',
    method: 'POST',
    path: '/uploads',
    summary: 'Put a file where others can get it',
    description:
      "The body is the file, with `Content-Type` and `Content-Length`, or a form (`multipart/form-data`) with one file. It goes to the upload service of the account's server (XEP-0363). " +
      'With `to` it is sent to somebody in the same call, as a message with `file`.',
    scope: 'files:write',
    session: 'named',
    query: z.strictObject({
      fileName: z.string().min(1).max(1023).optional().meta({ description: 'By default that of the form, or `file`' }),
      to: jidScalar.schema.optional().meta({ description: 'Who is sent it. Needs the scope `messages:write` too' }),
    }),
    bytesBody: { mediaTypes: ['*/*'], form: true },
    answers: { 201: { description: 'Where it is', schema: uploaded } },
    problems: [
      'upload-timeout',
      'address-not-allowed',
      'scope-missing',
      'recipient-not-allowed',
      'id-in-use',
      'room-not-joined',
      'outbox-full',
      ...problems,
      ...ofStanzas,
    ],
    examples: {
      201: {
        'a photo': example,
        'sent to somebody': {
          ...example,
          message: { id: 'msg_mT5C0bO9p0sZbq1xkPsu1Ak9FQ', status: 'accepted', originId: 'msg_mT5C0bO9p0sZbq1xkPsu1Ak9FQ' },
        },
      },
    },
    async run(call) {
      const { to: given, fileName } = call.query
      const to = given === undefined ? undefined : jid(given, 'query.to')
      if (to !== undefined) {
        checkScope({ scope: 'messages:write' }, call.caller)
        checkRecipient(call.caller, to)
      }
      if (fileName !== undefined) fileNameOf(fileName, 'query.fileName')
      const kind = await kindOf({ to }, call.session)
      return inTurn(call.session.record.id, async () => {
        const taken = await call.body.take(limits.upload)
        try {
          const file = await sendFile(call, { taken, fileName, put })
          if (to === undefined) return { status: 201, body: file }
          const message = named('query', () => marked(vocabulary.write('message', { to, type: kind.type, ...withFile({ file }) }), kind))
          const { body } = await sendMessage({ ...call, prefer: {} }, message, { limit: limits.stanza })
          return { status: 201, body: { ...file, message: body } }
        } finally {
          await taken.free()
        }
      })
    },
  })

  const createSlot = operation({
    id: 'uploads.slot',
    method: 'POST',
    path: '/uploads/slots',
    summary: 'Ask for a place for a file, to upload it without the gateway',
    scope: 'files:write',
    session: 'named',
    body: z
      .strictObject({
        fileName: z.string().min(1).max(1023),
        size: z.int().min(0).meta({ description: 'Its exact number of bytes' }),
        mediaType: fileShape.mediaType,
      })
      .meta({ id: 'NewUploadSlot' }),
    answers: { 201: { description: 'The place; it is kept for some minutes', schema: slot } },
    problems: [...problems],
    examples: {
      body: { 'a photo': photo },
      201: {
        'a place': {
          put: { url: 'https://upload.example.com/f0f8a3b2/balcony.jpg?token=2b1c', headers: { Authorization: 'Bearer eyJhbGciOi' } },
          get: example.url,
        },
      },
    },
    async run(call) {
      const { fileName, size } = call.body
      const name = fileNameOf(fileName, 'body.fileName')
      if (size > limits.upload) throw bodyTooLarge(limits.upload)
      return { status: 201, body: await askForSlot(call, { ...call.body, fileName: name }) }
    },
  })

  return [create, createSlot]
}
