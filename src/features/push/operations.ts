import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { PUBLISH_OPTIONS } from '../../protocol/xep0060.ts'
import { filledIn, formOf } from '../form-values.ts'
import { disablePush, enablePush, WITHIN } from './live.ts'

const node = z.string().min(1).max(1023)

export function pushOperations(): Operation[] {
  const problems = ['jid-malformed', ...ofIqs] as const

  const enable = operation({
    id: 'push.enable',
    method: 'POST',
    path: '/push',
    summary: 'Have the server tell a push service of messages that come while no client looks',
    description:
      'For accounts that also have phones. A session that is always there keeps some servers from pushing: use a negative priority.',
    scope: 'sessions:write',
    session: 'named',
    body: z.strictObject({ jid: jidScalar.schema, node, values: filledIn.optional() }).meta({ id: 'PushService' }),
    answers: { 204: { description: 'From now on' } },
    problems,
    examples: {
      body: { 'a push service': { jid: 'push.example.com', node: 'yxs32uqsflafdk3iuqo', values: { secret: 'eruio234vzxc2kla-91' } } },
    },
    async run({ session, body, signal }) {
      const { node, values } = body
      const form = values && { form: formOf(PUBLISH_OPTIONS, values) }
      await session.perform(enablePush, { jid: jid(body.jid, 'body.jid'), node, ...form }, { timeout: WITHIN.most, signal })
      return { status: 204 }
    },
  })

  const disable = operation({
    id: 'push.disable',
    method: 'DELETE',
    path: '/push',
    summary: 'Have it told no longer: all push services that this session said, or the one that is named',
    scope: 'sessions:write',
    session: 'named',
    query: z.strictObject({ jid: jidScalar.schema.optional(), node: node.optional() }),
    answers: { 204: { description: 'No longer' } },
    problems,
    examples: {},
    async run({ session, query, signal }) {
      const { jid: service, node } = query
      if (service === undefined && node !== undefined) throw invalidRequest('query.jid', 'is required beside node')
      const only = service === undefined ? {} : { only: { jid: jid(service, 'query.jid'), ...(node !== undefined && { node }) } }
      await session.perform(disablePush, only, { timeout: WITHIN.most, signal })
      return { status: 204 }
    },
  })

  return [enable, disable]
}
