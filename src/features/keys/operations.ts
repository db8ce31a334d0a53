import { z } from 'zod'
import { operation } from '../../api/operation.ts'
import { byAge, pageBy, pageOf, pageQuery } from '../../api/page.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { mustBeKey } from './bounds.ts'
import { createKey } from './create.ts'
import * as examples from './examples.ts'
import { type KeyOperations, keyNotFound, keyOf, shown } from './reading.ts'
import { key, keyView } from './schemas.ts'
import { updateKey } from './update.ts'

/** API keys of the tenant, made by callers. */
export function keyOperations(context: KeyOperations): Operation[] {
  const { ring } = context
  const { keys } = context.store
  const params = z.object({ id: z.string().max(100) })

  const list = operation({
    id: 'keys.list',
    method: 'GET',
    path: '/keys',
    summary: 'List the keys that were made',
    scope: 'keys:read',
    session: 'none',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Keys, oldest first', schema: pageOf(key) } },
    problems: [],
    examples: { 200: { 'one key': { data: [examples.key], page: { complete: true } } } },
    async run({ caller, query }) {
      mustBeKey(caller)
      const { data, ...rest } = pageBy(await keys.list(caller.tenant), query, byAge)
      return { status: 200, body: { data: data.map(keyView), ...rest } }
    },
  })

  const get = operation({
    id: 'keys.get',
    method: 'GET',
    path: '/keys/{id}',
    summary: 'Read what a key may do, and when it was used last',
    scope: 'keys:read',
    session: 'none',
    params,
    answers: { 200: { description: 'The key, without its text', schema: key } },
    problems: ['key-not-found'],
    examples: { 200: { 'a key': examples.key } },
    async run({ caller, params: { id } }) {
      mustBeKey(caller)
      return { status: 200, body: await shown(keys, await keyOf(keys, caller, id)) }
    },
  })

  const remove = operation({
    id: 'keys.remove',
    method: 'DELETE',
    path: '/keys/{id}',
    summary: 'Revoke a key',
    description:
      'It is refused within a second by every instance; streams that are open with it, or with a session token that it made, end with 4001.',
    scope: 'keys:write',
    session: 'none',
    params,
    answers: { 204: { description: 'It is refused from now on' } },
    problems: ['key-not-found'],
    examples: {},
    async run({ caller, params: { id } }) {
      mustBeKey(caller)
      if (!(await keys.remove(caller.tenant, id))) throw keyNotFound()
      ring.changed(caller.tenant, id)
      return { status: 204 }
    },
  })

  return [createKey(context), list, get, updateKey(context), remove]
}
