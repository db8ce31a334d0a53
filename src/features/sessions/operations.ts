import { z } from 'zod'
import { ofLogIns, ofOwner, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageOf, pageQuery } from '../../api/page.ts'
import { named } from '../../api/paths.ts'
import { applying } from '../../api/preference.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { Sessions } from '../../gateway/contract/session.ts'
import { sessionSchema, sessionShape } from '../../gateway/contract/session-json.ts'
import { sessionStates } from '../../gateway/ports/session-record.ts'
import { canLogIn, password, sasl } from './credentials.ts'
import { connecting, online, token } from './examples.ts'
import { listSessions } from './listing.ts'

/** seconds that a log-in is waited for: unless told, and at most */
const WAIT = 10
const WAIT_MAX = 60
/** sessions of a page unless the caller says another limit */
const PAGE = 100
const CONNECTIONS_MAX = 8

const opened = z
  .object({ ...sessionShape, token: z.string().meta({ description: 'For requests that act for this session alone' }) })
  .meta({ id: 'OpenedSession' })

const connections = z
  .int()
  .min(1)
  .max(CONNECTIONS_MAX)
  .meta({ description: 'The primary and the senders beside it; servers limit sessions per user' })
const handles = z
  .array(z.string().min(1).max(1023))
  .max(100)
  .meta({ description: 'Namespaces of incoming iqs that callers answer: they are raised as iq.requested and shown by service discovery' })
export function sessionOperations({ sessions, vocabulary }: { sessions: Sessions; vocabulary: Translator }): Operation[] {
  const presence = vocabulary.schemas.presence.omit({ to: true, from: true, id: true, type: true, error: true })
  const newSession = z
    .strictObject({
      jid: z.string().min(1).max(3071).meta({ description: 'The bare JID; the domain alone for ANONYMOUS' }),
      password: password.optional(),
      sasl: sasl.optional(),
      service: z
        .string()
        .max(2048)
        .regex(/^(xmpps?|wss?):\/\//)
        .optional()
        .meta({
          description: 'Where the server is: `xmpp://host:port`, `xmpps://…`, `wss://…`. By default it is looked up from the domain',
        }),
      resource: z.string().min(1).optional().meta({ description: 'By default the gateway chooses one' }),
      connections: connections.optional(),
      presence: z
        .union([z.literal(false), presence])
        .optional()
        .meta({ description: 'What the account shows once online; false stays unavailable' }),
      handles: handles.optional(),
    })
    .refine(canLogIn, { path: ['password'], message: 'is missing' })
    .meta({ id: 'NewSession' })

  const open = operation({
    id: 'sessions.open',
    method: 'POST',
    path: '/sessions',
    summary: 'Bring an account online',
    description:
      'Answers when the account is online, or at the first definite failure; then nothing is kept. `Prefer: wait=N` says how long to wait (default 10 s, ' +
      'at most 60); with `Prefer: respond-async` it answers 202 at once and goes on trying. Repeating it answers 200 with a fresh token. ' +
      'With a priority of 0 or more the session takes part in the delivery to the bare JID and receives offline messages; with a negative one it listens by carbons only.',
    scope: 'sessions:write',
    session: 'none',
    body: newSession,
    answers: {
      200: { description: 'The session was there', schema: opened },
      201: { description: 'Online', schema: opened },
      202: { description: 'Connecting', schema: opened },
    },
    prefer: ['wait', 'respond-async'],
    problems: ['scope-missing', 'credentials-lost', ...ofStanzas, ...ofLogIns],
    examples: {
      body: {
        password: { jid: 'romeo@example.com', password: 'wherefore-art-thou' },
        'several connections': {
          jid: 'romeo@example.com',
          password: 'wherefore-art-thou',
          resource: 'bot',
          connections: 3,
          presence: { status: 'Here to help' },
        },
        'listens only': {
          jid: 'romeo@example.com',
          password: 'wherefore-art-thou',
          service: 'xmpps://xmpp.example.com:5223',
          presence: { priority: -1 },
        },
        anonymous: { jid: 'guests.example.com', sasl: { allow: ['ANONYMOUS'] } },
      },
      201: { online: { ...online, token } },
      202: { connecting: { ...connecting, token } },
    },
    async run({ caller, body, prefer, signal }) {
      if (caller.session !== undefined)
        throw new Problem('scope-missing', 'A session token is for its own session; an API key makes sessions.')
      // says what is wrong with it before anything is done
      const { presence } = body
      if (presence) named('body.presence', () => vocabulary.write('presence', presence))
      const seconds = Math.min(prefer.wait ?? WAIT, WAIT_MAX)
      const background = prefer.respondAsync === true
      const preference = background ? 'respond-async' : prefer.wait === undefined ? undefined : `wait=${seconds}`
      return applying(preference, async () => {
        const {
          handle,
          token: made,
          outcome,
        } = await sessions.open({ tenant: caller.tenant, connections: 1, ...body }, { wait: seconds * 1000, background, signal })
        return {
          status: { created: 201, existing: 200, pending: 202 }[outcome],
          body: { ...(await sessions.view(handle)), token: made },
          headers: { location: `/sessions/${handle.record.id}` },
        }
      })
    },
  })

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
      const { data, next, complete } = await listSessions(some, caller.tenant, { limit, ...filter })
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
    summary: 'Change the credentials, the number of connections, or what is handled',
    description:
      'A password or a certificate is tried on a new connection before it replaces the kept one. Members of `sasl` that are left out stay as they are.',
    scope: 'sessions:write',
    session: { by: 'session', missing: 'session-not-found' },
    params,
    body: z
      .strictObject({
        password: password.optional(),
        sasl: sasl.optional(),
        connections: connections.optional(),
        handles: handles.optional(),
      })
      .meta({ id: 'SessionChange' }),
    answers: { 200: { description: 'The session as it is then', schema: sessionSchema } },
    problems: ['credentials-lost', 'outcome-unknown', ...ofLogIns],
    examples: {
      body: {
        password: { password: 'a-rose-by-any-other-name' },
        'more connections': { connections: 3 },
        'iqs that callers answer': { handles: ['urn:example:orders'] },
      },
      200: { 'with handles': { ...online, handles: ['urn:example:orders'] } },
    },
    async run({ session: handle, body }) {
      return { status: 200, body: await sessions.view(await sessions.update(handle, body)) }
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
