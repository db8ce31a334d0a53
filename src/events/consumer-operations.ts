import { z } from 'zod'
import { operation } from '../api/operation.ts'
import { page, pageOf, pageQuery } from '../api/page.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { Consumers } from './consumers.ts'
import { cursorOf } from './cursor.ts'
import { consumerName } from './query.ts'

const acked = z
  .strictObject({
    consumer: consumerName.meta({ description: 'The name of the consumer', example: 'crm' }),
    cursor: z
      .string()
      .regex(/^[\w-]+$/)
      .max(200)
      .meta({ description: 'The `id` of the last event that it is done with', example: 'Zb0kZ1CmTj2sX5QhY-1f' }),
  })
  .meta({ id: 'Ack' })

const consumer = z
  .object({
    name: z.string(),
    cursor: z.string().meta({ description: 'What it acked last, or where it began: it goes on after that' }),
    lag: z
      .object({
        events: z.int().min(0).meta({ description: 'Events of the session since then, of every type' }),
        seconds: z.number().min(0).meta({ description: 'Age of the first of them' }),
      })
      .meta({ description: 'How far it is behind' }),
    lastUsedAt: z.iso.datetime(),
  })
  .meta({ id: 'Consumer' })

export function consumerOperations({ consumers }: { consumers: Consumers }): Operation[] {
  const ack = operation({
    id: 'events.ack',
    method: 'POST',
    path: '/events/ack',
    summary: 'Say how far a named consumer is done',
    description: [
      'Moves the place of the consumer forward: it next reads what comes after that event, whichever way it reads. A cursor behind its',
      'place changes nothing. A consumer with a new name begins there.',
    ].join('\n'),
    scope: 'events:read',
    session: 'named',
    components: 'whole',
    body: acked,
    answers: { 204: { description: 'Noted' } },
    problems: ['cursor-invalid', 'limit-exceeded'],
    examples: { body: { 'an event is done with': { consumer: 'crm', cursor: 'Zb0kZ1CmTj2sX5QhY-1f' } } },
    async run({ session, body: { consumer: name, cursor } }) {
      const place = cursorOf(cursor)
      // the oldest that is kept is never ahead of it
      if (place !== undefined) await consumers.ack(session.record.id, name, place)
      return { status: 204 }
    },
  })

  const list = operation({
    id: 'events.consumers',
    method: 'GET',
    path: '/events/consumers',
    summary: 'List the named consumers of a session, and how far each is behind',
    scope: 'events:read',
    session: 'named',
    components: 'whole',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Consumers by name', schema: pageOf(consumer) } },
    problems: [],
    examples: {
      200: {
        'a little behind': {
          data: [{ name: 'crm', cursor: 'Zb0kZ1CmTj2sX5QhY-1f', lag: { events: 3, seconds: 0.8 }, lastUsedAt: '2026-05-01T10:00:00.118Z' }],
          page: { complete: true },
        },
      },
    },
    async run({ session, query }) {
      const all = new Map((await consumers.list(session.record.id)).map((one) => [one.name, one]))
      const { data: names, ...rest } = page([...all.keys()], query)
      return { status: 200, body: { data: names.map((name) => all.get(name)), ...rest } }
    },
  })

  return [ack, list]
}
