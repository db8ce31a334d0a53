/** XEP-0094: Agent Information, version 0.3 */
import { define } from '../../stanza/definition.ts'
import { attribute, flag, many, text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid } from '../../stanza/scalars.ts'

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
