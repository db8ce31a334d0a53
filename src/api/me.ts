import { z } from 'zod'
import type { Caller, Operation } from '../gateway/contract/operation.ts'
import { type Scope, scopeNouns } from '../gateway/ports/scope.ts'
import { operation } from './operation.ts'

const me = z
  .object({
    tenant: z.string(),
    session: z.string().optional().meta({ description: 'Of a session token: the only session that it is for' }),
    key: z.string().optional().meta({ description: 'Id of the key that it is, or that made it; not of keys of the configuration' }),
    scopes: z
      .array(z.string())
      .meta({ description: 'What the caller may do; `:write` has `:read`', example: ['messages:write', 'events:read'] }),
    version: z.string().meta({ description: 'Of the gateway' }),
    instance: z.string().meta({ description: 'INSTANCE_ID of the process that answers' }),
  })
  .meta({ id: 'Me' })

const everything: readonly Scope[] = scopeNouns.map((noun) => `${noun}:write` as const)

/** `GET /me`: who the caller is. */
export function meOperation({ version, instance }: { version: string; instance: string }): Operation {
  return operation({
    id: 'me.get',
    method: 'GET',
    path: '/me',
    summary: 'Say who is calling',
    scope: null,
    session: 'none',
    answers: { 200: { description: 'Who the token is', schema: me } },
    problems: [],
    examples: {
      200: {
        'an API key': { tenant: 'acme', scopes: everything, version: '0.1.0', instance: 'gate-1' },
        'a key that was made': {
          tenant: 'acme',
          key: 'key_mT5C0bO9p0sZbq1xkPsu1A',
          scopes: ['messages:write', 'events:read'],
          version: '0.1.0',
          instance: 'gate-1',
        },
        'a session token': {
          tenant: 'acme',
          session: 'ses_mT5C0bO9p0sZbq1xkPsu1A',
          scopes: everything,
          version: '0.1.0',
          instance: 'gate-1',
        },
      },
    },
    async run({ caller }) {
      return { status: 200, body: { ...view(caller), version, instance } }
    },
  })
}

const view = ({ tenant, session, key, scopes }: Caller) => ({
  tenant,
  ...(session !== undefined && { session }),
  ...(key !== undefined && { key }),
  scopes: scopes === 'all' ? everything : scopes,
})
