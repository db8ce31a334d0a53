import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem, stanzaProblem } from '../../errors/problem.ts'
import type { Operation, SessionCall } from '../../gateway/contract/operation.ts'
import { form } from '../../protocol/xep0004.ts'
import { NODE_CONFIG, request } from '../../protocol/xep0060.ts'
import { ownerRequest } from '../../protocol/xep0060-owner.ts'
import { ask } from '../asking.ts'
import { type FilledIn, type FormJson, formOf, formValues, submitted, valuesOf } from '../form-values.ts'
import { configuration, plainNames } from './configuration.ts'
import { addressee, place } from './place.ts'

type Asking = Pick<SessionCall, 'session' | 'signal'>

interface Where {
  node: string
  to?: string
}

export function nodeOperations({ vocabulary }: { vocabulary: Translator }): Operation[] {
  const query = z.strictObject(place)
  const problems = ['jid-malformed', ...ofIqs] as const
  const values = z.strictObject({ values: configuration }).meta({ id: 'NodeValues' })
  const whole = z.object({ node: z.string(), form: vocabulary.schemaOf(form), values: formValues }).meta({ id: 'PubsubNode' })
  const made = z.object({ node: z.string() })

  async function configurationOf(call: Asking, { node, to }: Where): Promise<FormJson> {
    const payload = vocabulary.writeAs(ownerRequest, { configure: { node } })
    const answer = await ask(call, { type: 'get', payload, ...(to !== undefined && { to }) })
    const form = vocabulary.readAs(ownerRequest, answer)?.configure?.form
    if (form) return form
    throw stanzaProblem({ type: 'cancel', condition: 'undefined-condition', text: 'The service has no form for this node.' })
  }

  /** What is not named stays as it is. */
  async function configure(call: Asking, { node, to }: Where, given: FilledIn): Promise<void> {
    const form = submitted(await configurationOf(call, { node, ...(to !== undefined && { to }) }), given, { names: plainNames })
    const payload = vocabulary.writeAs(ownerRequest, { configure: { node, form } })
    await ask(call, { type: 'set', payload, ...(to !== undefined && { to }) })
  }

  const get = operation({
    id: 'pubsub.getNode',
    method: 'GET',
    path: '/pubsub/nodes',
    summary: 'Read how a node is configured, as its owner',
    scope: 'pubsub:read',
    session: 'named',
    query,
    answers: { 200: { description: 'The form of the service, and what it holds', schema: whole } },
    problems,
    examples: { 200: { drafts: { node: 'urn:example:drafts', form: { type: 'form' }, values: { accessModel: 'whitelist' } } } },
    async run(call) {
      const { node } = call.query
      const form = await configurationOf(call, { node, ...addressee(call.query) })
      return { status: 200, body: { node, form, values: valuesOf(form, plainNames) } }
    },
  })

  const create = operation({
    id: 'pubsub.createNode',
    method: 'PUT',
    path: '/pubsub/nodes',
    summary: 'Make a node, or configure the one that is there',
    scope: 'pubsub:write',
    session: 'named',
    query,
    body: values.partial().optional(),
    answers: { 200: { description: 'It was there, and is so now', schema: made }, 201: { description: 'Made', schema: made } },
    problems,
    examples: {
      body: { 'for the own eyes': { values: { accessModel: 'whitelist', persistItems: true, maxItems: 100 } }, 'as usual': {} },
      201: { made: { node: 'urn:example:drafts' } },
    },
    async run(call) {
      const { node } = call.query
      const where = addressee(call.query)
      const { values = {} } = call.body ?? {}
      const form = Object.keys(values).length > 0 && { configure: { form: formOf(NODE_CONFIG, values, plainNames) } }
      const payload = vocabulary.writeAs(request, { create: { node }, ...form })
      try {
        await ask(call, { type: 'set', payload, ...where })
        return { status: 201, body: { node } }
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'xmpp-conflict') throw error
        await configure(call, { node, ...where }, values)
        return { status: 200, body: { node } }
      }
    },
  })

  const change = operation({
    id: 'pubsub.configureNode',
    method: 'PATCH',
    path: '/pubsub/nodes',
    summary: 'Configure a node; what is not named stays as it is',
    scope: 'pubsub:write',
    session: 'named',
    query,
    body: values,
    answers: { 204: { description: 'Configured' } },
    problems,
    examples: { body: { 'for contacts': { values: { accessModel: 'presence', title: 'What I listen to' } } } },
    async run(call) {
      await configure(call, { node: call.query.node, ...addressee(call.query) }, call.body.values)
      return { status: 204 }
    },
  })

  const remove = operation({
    id: 'pubsub.removeNode',
    method: 'DELETE',
    path: '/pubsub/nodes',
    summary: 'Delete a node with all that is in it',
    scope: 'pubsub:write',
    session: 'named',
    query,
    answers: { 204: { description: 'Deleted' } },
    problems,
    examples: {},
    async run(call) {
      const payload = vocabulary.writeAs(ownerRequest, { delete: { node: call.query.node } })
      await ask(call, { type: 'set', payload, ...addressee(call.query) })
      return { status: 204 }
    },
  })

  const purge = operation({
    id: 'pubsub.purge',
    method: 'POST',
    path: '/pubsub/purge',
    summary: 'Take all items of a node away; the node stays',
    scope: 'pubsub:write',
    session: 'named',
    query,
    answers: { 204: { description: 'Empty' } },
    problems,
    examples: {},
    async run(call) {
      const payload = vocabulary.writeAs(ownerRequest, { purge: { node: call.query.node } })
      await ask(call, { type: 'set', payload, ...addressee(call.query) })
      return { status: 204 }
    },
  })

  return [get, create, change, remove, purge]
}
