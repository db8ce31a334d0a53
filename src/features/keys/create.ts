import { randomBytes } from 'node:crypto'
import { operation } from '../../api/operation.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { newId, tokenHash } from '../../gateway/ids.ts'
import { KEYS_MAX } from '../../gateway/ports/key.ts'
import { goodUntil, mustBeKey, mustBeWithin, normalised } from './bounds.ts'
import * as examples from './examples.ts'
import type { KeyOperations } from './reading.ts'
import { createdKey, keyView, newKey } from './schemas.ts'

/** `POST /keys` */
export function createKey({ store, ring, clock }: KeyOperations): Operation {
  return operation({
    id: 'keys.create',
    method: 'POST',
    path: '/keys',
    summary: 'Make an API key that may do less',
    description: 'No key makes one with more than it has itself: scopes, sessions, recipients, and the time it lasts.',
    scope: 'keys:write',
    session: 'none',
    body: newKey,
    answers: { 201: { description: 'The key, this once', schema: createdKey } },
    problems: ['session-not-allowed', 'recipient-not-allowed', 'jid-malformed', 'limit-exceeded'],
    examples: {
      body: {
        'sends to some, and reads events': {
          name: examples.key.name,
          scopes: examples.key.scopes,
          sessions: examples.key.sessions,
          recipients: examples.key.recipients,
          expiresAt: examples.key.expiresAt,
        },
        'reads events of all sessions': { name: 'archive', scopes: ['events:read'] },
      },
      201: { 'a new key': { ...examples.key, key: examples.text } },
    },
    async run({ caller, body }) {
      mustBeKey(caller)
      const { tenant, key: by } = caller
      const now = clock.now()
      const { expiresAt } = body
      const until = expiresAt === undefined ? undefined : Date.parse(expiresAt)
      if (until !== undefined && until <= now) throw invalidRequest('body.expiresAt', 'must be in the future')
      const text = `sgk_${randomBytes(32).toString('base64url')}`
      const { sessions, recipients } = normalised(body)
      const record = {
        id: newId('key'),
        tenant,
        hash: tokenHash(text),
        name: body.name,
        scopes: [...new Set(body.scopes)],
        ...(sessions && { sessions }),
        ...(recipients && { recipients }),
        ...(until !== undefined && { expiresAt: until }),
        createdAt: now,
        ...(by !== undefined && { by }),
      }
      mustBeWithin(record, caller, await goodUntil(ring, caller))
      const made = await store.keys.create(record)
      if (made === undefined) throw new Problem('limit-exceeded', `There are ${KEYS_MAX} keys already.`)
      return { status: 201, body: { ...keyView(made), key: text }, headers: { location: `/keys/${made.id}` } }
    },
  })
}
