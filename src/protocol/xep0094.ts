/** XEP-0094: Agent Information, version 0.3 */
import { define } from '../codec/definition.ts'
import { attribute, flag, many, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'

const AGENTS = 'jabber:iq:agents'

const agent = payload('Agent', 'agent', AGENTS, {
  jid: attribute(jid),
  name: text(),
  description: text(),
  transport: text(),
  service: text(),
  groupchat: flag(),
  register: flag(),
  search: flag(),
})

export const agents = define('agents', ['iq'], payload('Agents', 'query', AGENTS, { agents: many(agent) }))
