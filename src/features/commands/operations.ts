import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageBy, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Caller, Operation } from '../../gateway/contract/operation.ts'
import { checkRecipient } from '../../gateway/contract/recipients.ts'
import type { SessionHandle } from '../../gateway/contract/session.ts'
import { domainOf, jid, withoutResource } from '../../jid.ts'
import { form } from '../../protocol/xep0004.ts'
import { discoItems } from '../../protocol/xep0030.ts'
import { COMMANDS } from '../../protocol/xep0050.ts'
import { ask } from '../asking.ts'
import { filledIn, formValues, submitted } from '../form-values.ts'
import { continueCommand, STEP_WITHIN, startCommand, unknownCommand } from './live.ts'
import { type Action, actions, commandsUnderWay, type UnderWay } from './under-way.ts'

/** characters of the name of a command */
const NODE_MAX = 1023

export function commandOperations({ vocabulary }: { vocabulary: Translator }): Operation[] {
  const progress = z
    .object({
      id: z.string(),
      jid: z.string(),
      node: z.string(),
      status: z.enum(['executing', 'completed', 'canceled']),
      actions: z.array(z.enum(actions)).meta({ description: 'What may be done next' }),
      default: z.enum(actions).optional().meta({ description: 'What is done next unless told' }),
      form: vocabulary.schemaOf(form).optional(),
      values: formValues.optional(),
      notes: z.array(z.object({ type: z.enum(['info', 'warn', 'error']), text: z.string() })),
    })
    .meta({ id: 'CommandProgress', description: 'How far a command is; kept for an hour after its last step' })
  const params = z.object({ id: z.string() })
  const under = {
    id: 'cmd_mT5C0bO9p0sZbq1xkPsu1A',
    jid: 'example.com',
    node: 'http://jabber.org/protocol/admin#announce',
  }

  const list = operation({
    id: 'commands.list',
    method: 'GET',
    path: '/commands',
    summary: 'Read which commands a server, a component or a client offers',
    description: 'Some servers hide commands that can be run all the same, by their node.',
    scope: 'commands:read',
    session: 'named',
    components: 'generic',
    query: z.strictObject({ jid: jidScalar.schema, ...pageQuery }),
    answers: {
      200: {
        description: 'Commands',
        schema: pageOf(z.object({ jid: z.string(), node: z.string(), name: z.string().optional() }).meta({ id: 'OfferedCommand' })),
      },
    },
    problems: ['jid-malformed', ...ofIqs],
    examples: { 200: { one: { data: [{ jid: under.jid, node: under.node, name: 'Announce' }], page: { complete: true } } } },
    async run(call) {
      const to = jid(call.query.jid, 'query.jid')
      const answer = await ask(call, { type: 'get', to, payload: vocabulary.writeAs(discoItems, { node: COMMANDS, items: [] }) })
      const offered = vocabulary.readAs(discoItems, answer)?.items ?? []
      const commands = offered.flatMap(({ jid, node, name }) =>
        node === undefined ? [] : [{ jid, node, ...(name !== undefined && { name }) }],
      )
      return { status: 200, body: pageBy(commands, call.query, ({ jid, node }) => `${node}\n${jid}`) }
    },
  })

  const start = operation({
    id: 'commands.start',
    method: 'POST',
    path: '/commands',
    summary: 'Begin a command',
    scope: 'commands:write',
    session: 'named',
    components: 'generic',
    body: z.strictObject({ jid: jidScalar.schema, node: z.string().min(1).max(NODE_MAX) }).meta({ id: 'NewCommand' }),
    answers: { 201: { description: 'Begun; it may be completed already', schema: progress } },
    problems: ['jid-malformed', 'recipient-not-allowed', ...ofIqs],
    examples: {
      body: { announce: { jid: under.jid, node: under.node } },
      201: {
        'something to fill in': {
          ...under,
          status: 'executing',
          actions: ['complete', 'cancel'],
          default: 'complete',
          form: { type: 'form', fields: [{ name: 'subject', type: 'text-single' }] },
          values: { subject: '' },
          notes: [],
        },
      },
    },
    async run({ caller, session, body, signal }) {
      const begun = { jid: jid(body.jid, 'body.jid'), node: body.node }
      mayAsk(caller, session, begun.jid)
      return { status: 201, body: await session.perform(startCommand, begun, { timeout: STEP_WITHIN.most, signal }) }
    },
  })

  const goOn = operation({
    id: 'commands.continue',
    method: 'POST',
    path: '/commands/{id}',
    summary: 'Take the next step of a command',
    description: 'An error of the other side leaves it where it is.',
    scope: 'commands:write',
    session: 'named',
    components: 'generic',
    params,
    body: z
      .strictObject({
        action: z.enum(actions).optional().meta({ description: 'By default what the other side has as the usual next step' }),
        values: filledIn.optional(),
      })
      .meta({ id: 'CommandStep' }),
    answers: { 200: { description: 'How far it is', schema: progress } },
    problems: ['command-not-found', 'jid-malformed', 'recipient-not-allowed', ...ofIqs],
    examples: {
      body: { 'what is asked for': { values: { subject: 'Maintenance at noon' } }, 'a step back': { action: 'prev' } },
      200: { done: { ...under, status: 'completed', actions: [], notes: [{ type: 'info', text: 'Announced' }] } },
    },
    async run({ caller, session, params: { id }, body, signal }) {
      const kept = await underWay(session, id)
      mayAsk(caller, session, kept.jid)
      const { action = kept.usual, values } = body
      const may: readonly Action[] = [...kept.actions, 'execute', 'cancel']
      if (!may.includes(action)) throw invalidRequest('body.action', `must be one of: ${may.join(', ')}`)
      const isForward = action !== 'prev' && action !== 'cancel'
      const form = kept.form?.type === 'form' && (isForward || values) ? submitted(kept.form, values ?? {}) : undefined
      if (values !== undefined && form === undefined) throw invalidRequest('body.values', 'There is nothing to fill in')
      const step = { id, action, ...(form && { form }) }
      return { status: 200, body: await session.perform(continueCommand, step, { timeout: STEP_WITHIN.most, signal }) }
    },
  })

  const cancel = operation({
    id: 'commands.cancel',
    method: 'DELETE',
    path: '/commands/{id}',
    summary: 'Give a command up',
    scope: 'commands:write',
    session: 'named',
    components: 'generic',
    params,
    answers: { 204: { description: 'Given up' } },
    problems: ['command-not-found', ...ofIqs],
    examples: {},
    async run({ session, params: { id }, signal }) {
      await underWay(session, id)
      await session.perform(continueCommand, { id, action: 'cancel' }, { timeout: STEP_WITHIN.most, signal }).catch(unlessRefused)
      return { status: 204 }
    },
  })

  return [list, start, goOn, cancel]
}

/** Throws recipient-not-allowed; the own account and its server may always be asked. */
function mayAsk(caller: Caller, { record }: SessionHandle, to: string): void {
  if (![record.jid, domainOf(record.jid)].includes(withoutResource(to))) checkRecipient(caller, to)
}

async function underWay(session: SessionHandle, id: string): Promise<UnderWay> {
  const kept = (await session.state(commandsUnderWay, [id])).get(id)
  if (!kept || kept.until < Date.now()) throw unknownCommand()
  return kept
}

/** Whoever refuses to give it up does not go on with it either. */
function unlessRefused(thrown: unknown): void {
  if (!(thrown instanceof Problem) || !thrown.options.xmpp) throw thrown
}
