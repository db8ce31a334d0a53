import { z } from 'zod'
import { checkAccount } from '../../api/accounts.ts'
import { ofLogIns, ofStanzas } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { named } from '../../api/paths.ts'
import { applying } from '../../api/preference.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import type { Sessions } from '../../gateway/contract/session.ts'
import { sessionShape } from '../../gateway/contract/session-json.ts'
import { comparable } from '../../jid.ts'
import { password, sasl, service } from '../credentials.ts'
import { connecting, online, token } from './examples.ts'
import { connections, handles, options } from './wanted.ts'
import { checkWhose, component, secret, whose } from './whose.ts'

/** seconds that a log-in is waited for by default, and at most */
const WAIT = 10
const WAIT_MAX = 60

const opened = z
  .object({ ...sessionShape, token: z.string().meta({ description: 'For requests that act for this session alone' }) })
  .meta({ id: 'OpenedSession' })

export function openSession({ sessions, vocabulary }: { sessions: Sessions; vocabulary: Translator }): Operation {
  const presence = vocabulary.schemas.presence.omit({ to: true, from: true, id: true, type: true, error: true })
  const newSession = z
    .strictObject({
      jid: z.string().min(1).max(3071).optional().meta({ description: 'The bare JID; the domain alone for ANONYMOUS' }),
      password: password.optional(),
      component: component.optional(),
      secret: secret.optional(),
      sasl: sasl.optional(),
      service: service.optional(),
      resource: z.string().min(1).optional().meta({ description: 'By default the gateway chooses one' }),
      connections: connections.optional(),
      presence: z
        .union([z.literal(false), presence])
        .optional()
        .meta({ description: 'What the account shows once online; false stays unavailable' }),
      handles: handles.optional(),
      ...options,
    })
    .superRefine(checkWhose)
    .meta({ id: 'NewSession' })

  return operation({
    id: 'sessions.open',
    method: 'POST',
    path: '/sessions',
    summary: 'Bring an account or a component online',
    description:
      'Answers when the account is online, or at the first definite failure; then nothing is kept. `Prefer: wait=N` says how long to wait (default 10 s, ' +
      'at most 60); with `Prefer: respond-async` it answers 202 at once and goes on trying. Repeating it answers 200 with a fresh token. ' +
      'With a priority of 0 or more the session takes part in the delivery to the bare JID and receives offline messages; with a negative one it listens by carbons only.',
    scope: 'sessions:write',
    rate: 'open',
    session: 'none',
    body: newSession,
    answers: {
      200: { description: 'The session was there', schema: opened },
      201: { description: 'Online', schema: opened },
      202: { description: 'Connecting', schema: opened },
    },
    prefer: ['wait', 'respond-async'],
    problems: ['session-not-allowed', 'too-many-sessions', 'credentials-lost', ...ofStanzas, ...ofLogIns],
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
        component: { component: 'bots.example.com', secret: 'a-plague-o-both', service: 'xmpp://127.0.0.1:5347' },
        anonymous: { jid: 'guests.example.com', sasl: { allow: ['ANONYMOUS'] } },
      },
      201: { online: { ...online, token } },
      202: { connecting: { ...connecting, token } },
    },
    async run({ caller, body, prefer, signal }) {
      if (caller.session !== undefined)
        throw new Problem('scope-missing', 'A session token is for its own session; an API key makes sessions.')
      const { presence, component, secret, ...asked } = body
      const account = whose(body)
      checkAccount(caller, comparable(account.jid))
      // says what is wrong with it before anything is done
      if (presence) named('body.presence', () => vocabulary.write('presence', presence))
      const seconds = Math.min(prefer.wait ?? WAIT, WAIT_MAX)
      const background = prefer.respondAsync === true
      const preference = background ? 'respond-async' : prefer.wait === undefined ? undefined : `wait=${seconds}`
      return applying(preference, async () => {
        const {
          handle,
          token: made,
          outcome,
        } = await sessions.open(
          {
            tenant: caller.tenant,
            connections: 1,
            ...asked,
            ...(presence !== undefined && { presence }),
            ...account,
            ...(caller.grant && { grant: caller.grant }),
          },
          { wait: seconds * 1000, background, signal },
        )
        return {
          status: { created: 201, existing: 200, pending: 202 }[outcome],
          body: { ...(await sessions.view(handle)), token: made },
          headers: { location: `/sessions/${handle.record.id}` },
        }
      })
    },
  })
}
