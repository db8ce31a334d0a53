import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { page, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { BLOCKING } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'
import { ask } from '../asking.ts'
import { jidsOf } from './items.ts'

const params = z.object({ jid: jidScalar.schema })
const problems = ['jid-malformed', ...ofIqs] as const

/** characters of what is told to the server about somebody */
const TEXT_MAX = 4_000

const report = z
  .strictObject({
    reason: z.enum(['spam', 'abuse']).optional().meta({ description: 'Reports them to the server too' }),
    text: z.string().min(1).max(TEXT_MAX).optional().meta({ description: 'What they did, for the report' }),
  })
  .refine(({ reason, text }) => text === undefined || reason !== undefined, { path: ['reason'], message: 'is required beside text' })
  .meta({ id: 'NewBlock' })

export function blocklistOperations({ vocabulary }: { vocabulary: Translator }): Operation[] {
  const list = operation({
    id: 'blocklist.list',
    method: 'GET',
    path: '/blocklist',
    summary: 'Read who is blocked',
    scope: 'roster:read',
    session: 'named',
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'By JID', schema: pageOf(z.object({ jid: z.string() }).meta({ id: 'Blocked' })) } },
    problems: ofIqs,
    examples: { 200: { one: { data: [{ jid: 'paris@example.com' }], page: { complete: true } } } },
    async run(call) {
      const answer = await ask(call, { type: 'get', payload: element('blocklist', BLOCKING) })
      const { data, ...rest } = page(jidsOf(answer), call.query)
      return { status: 200, body: { data: data.map((jid) => ({ jid })), ...rest } }
    },
  })

  const block = operation({
    id: 'blocklist.block',
    method: 'PUT',
    path: '/blocklist/{jid}',
    summary: 'Block somebody',
    description: 'A bare JID, one resource (`user@domain/resource`), a whole domain, or an occupant of a room (`room@service/nick`).',
    scope: 'roster:write',
    session: 'named',
    params,
    body: report.optional(),
    answers: { 204: { description: 'Blocked' } },
    problems,
    examples: { body: { plain: {}, 'reported as spam': { reason: 'spam', text: 'Sent me the same offer five times.' } } },
    async run(call) {
      const { reason, text } = call.body ?? {}
      const told = reason && { report: { reason, ...(text === undefined ? {} : { text }) } }
      const items = [{ jid: jid(call.params.jid, 'params.jid'), ...told }]
      await ask(call, { type: 'set', payload: vocabulary.writePayload({ block: { items } }) })
      return { status: 204 }
    },
  })

  const unblock = operation({
    id: 'blocklist.unblock',
    method: 'DELETE',
    path: '/blocklist/{jid}',
    summary: 'Block somebody no longer',
    scope: 'roster:write',
    session: 'named',
    params,
    answers: { 204: { description: 'Not blocked any more' } },
    problems,
    examples: {},
    async run(call) {
      const items = [{ jid: jid(call.params.jid, 'params.jid') }]
      await ask(call, { type: 'set', payload: vocabulary.writePayload({ unblock: { items } }) })
      return { status: 204 }
    },
  })

  const clear = operation({
    id: 'blocklist.clear',
    method: 'DELETE',
    path: '/blocklist',
    summary: 'Block nobody any longer',
    scope: 'roster:write',
    session: 'named',
    query: z.strictObject({ all: z.literal('true').meta({ description: 'Says that all of them are meant' }) }),
    answers: { 204: { description: 'Nobody is blocked any more' } },
    problems: ofIqs,
    examples: {},
    async run(call) {
      await ask(call, { type: 'set', payload: element('unblock', BLOCKING) })
      return { status: 204 }
    },
  })

  return [list, block, unblock, clear]
}
