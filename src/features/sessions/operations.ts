import { z } from 'zod'
import { ofLogIns, ofOwner } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageOf, pageQuery } from '../../api/page.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { Sessions } from '../../gateway/contract/session.ts'
import { sessionSchema } from '../../gateway/contract/session-json.ts'
import { sessionStates } from '../../gateway/ports/session-record.ts'
import { MOOD } from '../../protocol/namespaces.ts'
import { password, sasl } from '../credentials.ts'
import { connecting, online } from './examples.ts'
import { listSessions } from './listing.ts'
import { openSession } from './open.ts'
import { connections, handles, options } from './wanted.ts'
import { checkChange, secret } from './whose.ts'

/** sessions of a page by default */
const PAGE = 100

export function sessionOperations({ sessions, vocabulary }: { sessions: Sessions; vocabulary: Translator }): Operation[] {
  const open = openSession({ sessions, vocabulary })

  const list = operation({
    id: 'sessions.list',
    method: 'GET',
    path: '/sessions',
    summary: 'List the sessions of the tenant, oldest first',
    description:
      'A page for which many had to be looked at can have fewer than `limit`, or none: `page.complete` says when it was the last.',
    scope: 'sessions:read',
    session: 'none',
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(sessionStates).optional().meta({ description: 'Only those in this state' }),
      jid: z.string().min(1).max(3071).optional().meta({ description: 'Only those whose bare JID begins so', example: 'romeo@' }),
    }),
    answers: { 200: { description: 'Sessions', schema: pageOf(sessionSchema) } },
    problems: [],
    examples: { 200: { 'one session': { data: [online], page: { complete: true } } } },
    async run({ caller, query: { limit = PAGE, ...filter } }) {
      const own = caller.session === undefined ? undefined : await sessions.resolve(caller.tenant, caller.session)
      const some = own === undefined ? sessions : { ...sessions, list: async () => (filter.after === own.record.id ? [] : [own]) }
      const { data, next, complete } = await listSessions(some, caller.tenant, { limit, ...filter, caller })
      return { status: 200, body: { data, page: { ...(complete || next === undefined ? {} : { next }), complete } } }
    },
  })

  const params = z.object({ id: z.string() })

  const get = operation({
    id: 'sessions.get',
    method: 'GET',
    path: '/sessions/{id}',
    summary: 'Read a session',
    scope: 'sessions:read',
    session: { by: 'session', missing: 'session-not-found' },
    components: 'whole',
    params,
    answers: { 200: { description: 'The session', schema: sessionSchema } },
    problems: [],
    examples: { 200: { online, connecting } },
    async run({ session: handle }) {
      return { status: 200, body: await sessions.view(handle) }
    },
  })

  const update = operation({
    id: 'sessions.update',
    method: 'PATCH',
    path: '/sessions/{id}',
    summary: 'Change the credentials, the number of connections, or what is wanted of the session',
    description:
      'A password or a certificate is tried on a new connection before it replaces the kept one. Members of `sasl` that are left out stay as they are.',
    scope: 'sessions:write',
    session: { by: 'session', missing: 'session-not-found' },
    components: 'whole',
    params,
    body: z
      .strictObject({
        password: password.optional(),
        secret: secret.optional(),
        sasl: sasl.optional(),
        connections: connections.optional(),
        handles: handles.optional(),
        ...options,
      })
      .meta({ id: 'SessionChange' }),
    answers: { 200: { description: 'The session as it is then', schema: sessionSchema } },
    problems: ['credentials-lost', 'outcome-unknown', ...ofLogIns],
    examples: {
      body: {
        password: { password: 'a-rose-by-any-other-name' },
        'more connections': { connections: 3 },
        'iqs that callers answer': { handles: ['urn:example:orders'] },
        'moods of contacts': { notify: [MOOD] },
      },
      200: { 'with handles': { ...online, handles: ['urn:example:orders'] } },
    },
    async run({ session: handle, body }) {
      const { secret, ...change } = body
      checkChange(handle, body)
      const changed = await sessions.update(handle, { ...change, ...(secret !== undefined && { password: secret }) })
      return { status: 200, body: await sessions.view(changed) }
    },
  })

  const close = operation({
    id: 'sessions.close',
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'End a session',
    description:
      'Unavailable presence is sent, acknowledgements are awaited up to 5 s, the streams are closed, and everything about the session is removed.',
    scope: 'sessions:write',
    session: { by: 'session', missing: 'session-not-found' },
    components: 'whole',
    params,
    query: z.strictObject({ status: z.string().max(1023).optional().meta({ description: 'Goes into the unavailable presence' }) }),
    answers: { 204: { description: 'Ended' } },
    problems: ofOwner,
    examples: {},
    async run({ session: handle, query: { status } }) {
      await sessions.close(handle, status === undefined ? {} : { status })
      return { status: 204 }
    },
  })

  return [open, list, get, update, close]
}
