import { z } from 'zod'
import { operation } from '../../api/operation.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { KeyRecord } from '../../gateway/ports/key.ts'
import { goodUntil, mustBeKey, mustBeWithin, normalised } from './bounds.ts'
import * as examples from './examples.ts'
import { type KeyOperations, keyOf, shown } from './reading.ts'
import { key, keyChange } from './schemas.ts'

/** `PATCH /keys/{id}` */
export function updateKey({ store: { keys }, ring }: KeyOperations): Operation {
  return operation({
    id: 'keys.update',
    method: 'PATCH',
    path: '/keys/{id}',
    summary: 'Change what a key may do, or its name',
    description: 'Where it may do something else from now on, streams that are open with it end with 4001; they can be opened again.',
    scope: 'keys:write',
    session: 'none',
    params: z.object({ id: z.string().max(100) }),
    body: keyChange,
    answers: { 200: { description: 'The key as it is now', schema: key } },
    problems: ['key-not-found', 'session-not-allowed', 'recipient-not-allowed', 'jid-malformed'],
    examples: { body: { 'only reads': { scopes: ['events:read'] }, 'to everybody': { recipients: null } }, 200: { 'a key': examples.key } },
    async run({ caller, params: { id }, body: { name, ...rights } }) {
      mustBeKey(caller)
      const { scopes, expiresAt } = rights
      const lists = normalised(rights)
      for (;;) {
        const next: KeyRecord = { ...(await keyOf(keys, caller, id)) }
        if (name !== undefined) next.name = name
        if (scopes !== undefined) next.scopes = [...new Set(scopes)]
        if (lists.sessions !== undefined) set(next, 'sessions', lists.sessions)
        if (lists.recipients !== undefined) set(next, 'recipients', lists.recipients)
        if (expiresAt !== undefined) set(next, 'expiresAt', expiresAt && Date.parse(expiresAt))
        if (Object.keys(rights).length > 0) mustBeWithin(next, caller, await goodUntil(ring, caller))
        const changed = await keys.update(next)
        if (!changed) continue
        ring.changed(caller.tenant, id)
        return { status: 200, body: await shown(keys, changed) }
      }
    },
  })
}

function set<Bound extends 'sessions' | 'recipients' | 'expiresAt'>(
  key: KeyRecord,
  bound: Bound,
  value: KeyRecord[Bound] | null | '',
): void {
  if (value === null || value === '' || value === undefined) delete key[bound]
  else key[bound] = value
}
