/** Many messages in one request: taken in order, each with its own answer. */
import { z } from 'zod'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { speaker } from '../../api/speaker.ts'
import { list } from '../../codec/list.ts'
import type { StanzaJson, Translator } from '../../codec/translate.ts'
import { Problem, problemJson } from '../../errors/problem.ts'
import { progressSchema } from '../../gateway/contract/message-json.ts'
import type { Answer, Operation } from '../../gateway/contract/operation.ts'
import { checkRecipient, recipientsOf } from '../../gateway/contract/recipients.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import type { MessageRecord, OutboxEntry } from '../../gateway/ports/message.ts'
import { type FileLink, withFile } from '../file-message.ts'
import { outgoing, recordEvent, refusal, replayed } from '../outgoing-message.ts'
import { kindOf, marked } from '../to-rooms.ts'
import { accepted } from './examples.ts'

/** messages of one batch */
const MOST = 500

type NewMessage = StanzaJson & { from?: string | undefined; expiresIn?: number | undefined; file?: FileLink | undefined }
type Prepared = { entry: OutboxEntry; record: MessageRecord } | { problem: Problem }

export function batchOperation({
  vocabulary,
  limits,
  message,
}: {
  vocabulary: Translator
  limits: { stanza: number }
  message: z.ZodType<NewMessage>
}): Operation {
  const outcome = z.object({
    status: z.number().meta({ description: 'The HTTP status that this message alone would have had' }),
    message: progressSchema.optional(),
    error: z.looseObject({ code: z.string() }).optional().meta({ description: 'A problem, as of RFC 9457' }),
  })

  async function prepare({ expiresIn, from, ...json }: NewMessage, whole: SessionHandle, path: string): Promise<Prepared> {
    try {
      const session = speaker(whole, from, `${path}.from`)
      const kind = await kindOf(json, session)
      const stanza = named(path, () => marked(vocabulary.write('message', withFile({ type: kind.type, ...json })), kind))
      for (const to of recipientsOf(stanza)) checkRecipient(session, to)
      return outgoing(stanza, session, { limit: limits.stanza, ...(expiresIn ? { expiresIn } : {}) })
    } catch (error) {
      if (error instanceof Problem) return { problem: error }
      throw error
    }
  }

  return operation({
    id: 'messages.sendBatch',
    method: 'POST',
    path: '/messages/batch',
    summary: 'Send many messages',
    description:
      'Takes the messages in order. One that cannot be accepted has its problem in its place and does not hold up the others. An Idempotency-Key is for the whole batch.',
    traced: true,
    scope: 'messages:write',
    session: 'named',
    components: 'own',
    body: z.strictObject({ messages: list(message).min(1).max(MOST) }).meta({ id: 'MessageBatch' }),
    answers: { 200: { description: 'What became of each', schema: z.object({ data: z.array(outcome) }) } },
    problems: ['session-stopped', 'outbox-full'],
    examples: {
      body: {
        'two people': {
          messages: [
            { to: 'juliet@example.com', body: 'Good night!' },
            { to: 'nurse@example.com', body: 'Good night!' },
          ],
        },
      },
      200: {
        'one was refused': {
          data: [
            { status: 202, message: accepted },
            {
              status: 422,
              error: {
                type: 'urn:stanzagate:problem:jid-malformed',
                title: 'Not a valid JID',
                status: 422,
                detail: 'body.messages.1.to is not a JID.',
                code: 'jid-malformed',
                retryable: false,
              },
            },
          ],
        },
      },
    },
    idempotency: 'own',
    weight(sent) {
      const { messages } = Object(sent) as { messages?: unknown }
      return Array.isArray(messages) ? Math.max(1, messages.length) : 1
    },
    async run({ session, body, idempotency, trace }) {
      const prepared = withoutRepeats(
        await Promise.all(body.messages.map((each, index) => prepare(each, session, `body.messages.${index}`))),
      )
      for (;;) {
        const taken = prepared.filter((each) => 'entry' in each)
        const answer: Answer = { status: 200, body: { data: prepared.map(outcomeOf) } }
        const result = await session.accept({
          entries: taken,
          events: taken.map(({ record }) => recordEvent(record, 'accepted')),
          trace,
          ...(idempotency ? { idempotency: { ...idempotency, answer } } : {}),
        })
        if (result.kind === 'accepted') return answer
        if (result.kind === 'replayed') return replayed(result.answer)
        const inUse = result.kind === 'id-in-use' ? prepared.findIndex((each) => 'entry' in each && each.entry.id === result.id) : -1
        if (inUse === -1) throw refusal(result)
        prepared[inUse] = { problem: refusal(result) }
      }
    },
  })
}

/** The second of two messages with one id is refused, as it would be on its own. */
function withoutRepeats(prepared: Prepared[]): Prepared[] {
  const seen = new Set<string>()
  return prepared.map((each) => {
    if ('problem' in each) return each
    const { id } = each.entry
    if (seen.has(id)) return { problem: refusal({ kind: 'id-in-use', id }) }
    seen.add(id)
    return each
  })
}

function outcomeOf(each: Prepared): Record<string, unknown> {
  if ('problem' in each) return { status: each.problem.status, error: problemJson(each.problem) }
  const { id, status, originId } = each.record
  return { status: 202, message: { id, status, originId } }
}
