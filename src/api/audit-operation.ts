import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import type { Operation } from '../gateway/contract/operation.ts'
import type { AuditEntry } from '../gateway/ports/audit.ts'
import type { Store } from '../gateway/ports/store.ts'
import { hasAccount } from './accounts.ts'
import { operation } from './operation.ts'
import { pageOf, pageQuery } from './page.ts'

/** entries of a page by default */
const PAGE = 100

const entry = z
  .object({
    at: z.iso.datetime(),
    action: z.string().meta({ description: 'The operationId' }),
    outcome: z.enum(['done', 'refused']),
    code: z.string().optional().meta({ description: 'Of what was refused: the code of its problem' }),
    by: z
      .object({
        key: z.string().optional(),
        session: z.string().optional(),
        name: z.string().optional(),
      })
      .meta({ description: 'The key or session token; `name` of a key of the configuration, or of a JWT' }),
    target: z.string().optional().meta({ description: 'Id of what it was about' }),
    jid: z.string().optional().meta({ description: 'The account of the session that it was about' }),
    requestId: z.string(),
    instance: z.string(),
  })
  .meta({ id: 'AuditEntry' })

/** `GET /audit` */
export function auditOperation({ store }: { store: Pick<Store, 'audit'> }): Operation {
  return operation({
    id: 'audit.list',
    method: 'GET',
    path: '/audit',
    summary: 'Who made, changed or ended what, and who was refused',
    description:
      'Of sessions, keys, webhooks and hooks, the last 10,000 of a tenant for 90 days, oldest first. A key that has not all sessions sees what is about its own.',
    scope: 'keys:read',
    session: 'none',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'Entries', schema: pageOf(entry) } },
    problems: [],
    examples: {
      200: {
        'a key was made, and refused something': {
          data: [
            {
              at: '2026-05-01T10:00:00.118Z',
              action: 'keys.create',
              outcome: 'done',
              by: { name: 'configuration' },
              target: 'key_mT5C0bO9p0sZbq1xkPsu1A',
              requestId: 'req_1',
              instance: 'gate-1',
            },
            {
              at: '2026-05-01T10:00:01.204Z',
              action: 'roster.get',
              outcome: 'refused',
              code: 'scope-missing',
              by: { key: 'key_mT5C0bO9p0sZbq1xkPsu1A' },
              requestId: 'req_2',
              instance: 'gate-2',
            },
          ],
          page: { complete: true },
        },
      },
    },
    async run({ caller, query: { limit = PAGE, after } }) {
      if (caller.session !== undefined)
        throw new Problem('scope-missing', 'A session token is for its own session; an API key reads the audit.')
      if (after !== undefined && !/^\d{1,20}-\d{1,20}$/.test(after)) throw invalidRequest('query.after', 'is not a page.next')
      const found = await store.audit.read(caller.tenant, after, limit + 1)
      const page = found.slice(0, limit)
      const complete = page.length === found.length
      const next = complete ? undefined : page.at(-1)?.place
      const data = page.filter((one) => isSeen(one, caller)).map(({ place: _, at, ...one }) => ({ at: new Date(at).toISOString(), ...one }))
      return { status: 200, body: { data, page: { ...(next !== undefined && { next }), complete } } }
    },
  })
}

const isSeen = ({ jid }: AuditEntry, caller: Parameters<typeof hasAccount>[0]) =>
  caller.sessions === undefined || (jid !== undefined && hasAccount(caller, jid))
