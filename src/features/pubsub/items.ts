import { z } from 'zod'
import { ofIqs, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageOf } from '../../api/page.ts'
import type { Translator } from '../../codec/translate.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { request } from '../../protocol/xep0060.ts'
import { ask } from '../asking.ts'
import { withinLimit } from '../outgoing-message.ts'
import { configuration } from './configuration.ts'
import { readItems } from './paging.ts'
import { addressee, place } from './place.ts'
import { mustHeedOptions, optionsFor } from './private-data.ts'
import { publication } from './publication.ts'

/** items of a page by default */
const PAGE = 100
/** characters of the id of an item */
const ID_MAX = 1023

export function itemOperations({ vocabulary, limits }: { vocabulary: Translator; limits: { stanza: number } }): Operation[] {
  const itemId = z.string().min(1).max(ID_MAX)
  const payload = vocabulary.schemas.item
  const item = z
    .object({ id: z.string().optional(), publisher: z.string().optional(), payload: payload.optional() })
    .meta({ id: 'StoredItem' })

  const list = operation({
    id: 'pubsub.items',
    method: 'GET',
    path: '/pubsub/items',
    summary: 'Read the items of a node, in the order of the service',
    scope: 'pubsub:read',
    session: 'named',
    query: z.strictObject({
      ...place,
      id: itemId.optional().meta({ description: 'Only the item with this id' }),
      after: z.string().min(1).optional().meta({ description: '`page.next` of the page before' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1000)
        .optional()
        .meta({ description: `Items of a page, default ${PAGE}` }),
    }),
    answers: {
      200: {
        description: 'A page of items',
        schema: pageOf(item),
      },
    },
    problems: ['jid-malformed', 'cursor-invalid', ...ofIqs],
    examples: { 200: { mood: { data: [{ id: 'current', payload: { mood: { value: 'happy' } } }], page: { complete: true } } } },
    async run(call) {
      const { node, id, after, limit = PAGE } = call.query
      if (id !== undefined && after !== undefined) throw invalidRequest('query.after', 'excludes query.id')
      const where = { node, ...addressee(call.query) }
      const { items, next } = await readItems(call, vocabulary, where, {
        limit,
        ...(id !== undefined && { id }),
        ...(after !== undefined && { after }),
      })
      const data = items.map(({ id, publisher, content }) => ({
        ...(id !== undefined && { id }),
        ...(publisher !== undefined && { publisher }),
        ...(content !== undefined && { payload: content }),
      }))
      return { status: 200, body: { data, page: { ...(next !== undefined && { next }), complete: next === undefined } } }
    },
  })

  const publish = operation({
    id: 'pubsub.publish',
    method: 'POST',
    path: '/pubsub/items',
    summary: 'Publish an item',
    description:
      'On the own account it is what contacts are told (PEP): `payload` has one key, like `mood`, `activity`, `tune` or `location`. ' +
      'With `options` it is published only where the node is so, or is made so; a service that does not heed them gets nothing (501).',
    scope: 'pubsub:write',
    session: 'named',
    query: z.strictObject(place),
    body: z
      .strictObject({
        id: itemId.optional().meta({ description: 'Replaces the item with this id; by default the service chooses one' }),
        payload: payload.optional(),
        xml: z.string().optional().meta({ description: 'The payload as XML, in place of `payload`' }),
        options: configuration.optional(),
      })
      .meta({ id: 'NewItem' }),
    answers: { 201: { description: 'Published', schema: z.object({ id: z.string().optional() }) } },
    problems: ['xml-malformed', ...ofStanzas, ...ofIqs],
    examples: {
      body: {
        mood: { payload: { mood: { value: 'happy', text: 'It is the east' } } },
        location: { id: 'current', payload: { location: { latitude: 45.44, longitude: 10.99, locality: 'Verona' } } },
        'private data': { id: 'draft', xml: '<draft xmlns="urn:example:drafts"/>', options: { accessModel: 'whitelist' } },
      },
      201: { published: { id: 'ae890ac52d0df67ed7cfdf51b644e901' } },
    },
    async run(call) {
      const { node } = call.query
      const { to } = addressee(call.query)
      const options = optionsFor(node, to, call.body.options)
      const payload = publication({ ...call.body, node, options }, { vocabulary, limit: limits.stanza })
      withinLimit(payload, limits.stanza)
      if (options !== undefined) await mustHeedOptions(call, to)
      const answer = vocabulary.readAs(request, await ask(call, { type: 'set', payload, ...(to !== undefined && { to }) }))
      const id = answer?.publish?.items?.[0]?.id ?? call.body.id
      return { status: 201, body: { ...(id !== undefined && { id }) } }
    },
  })

  const retract = operation({
    id: 'pubsub.retract',
    method: 'DELETE',
    path: '/pubsub/items',
    summary: 'Take an item away, and tell those who listen',
    scope: 'pubsub:write',
    session: 'named',
    query: z.strictObject({ ...place, id: itemId }),
    answers: { 204: { description: 'Gone' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {},
    async run(call) {
      const { node, id } = call.query
      const payload = vocabulary.writeAs(request, { retract: { node, notify: true, items: [{ id }] } })
      await ask(call, { type: 'set', payload, ...addressee(call.query) })
      return { status: 204 }
    },
  })

  return [list, publish, retract]
}
