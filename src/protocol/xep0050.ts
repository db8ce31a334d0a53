/** XEP-0050: Ad-Hoc Commands, version 1.3.0 */
import { define } from '../codec/definition.ts'
import { attribute, content, many, names, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { oneOf, string } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { form } from './xep0004.ts'

export const COMMANDS = 'http://jabber.org/protocol/commands'
const actions = ['prev', 'next', 'complete'] as const

export const command = payload('Command', 'command', COMMANDS, {
  node: attribute(),
  sessionId: attribute(string, 'sessionid'),
  action: attribute(oneOf('cancel', 'complete', 'execute', 'next', 'prev')),
  status: attribute(oneOf('canceled', 'completed', 'executing')),
  lang: attribute(string, 'xml:lang'),
  actions: one(payload('CommandActions', 'actions', COMMANDS, { execute: attribute(oneOf(...actions)), allowed: names(actions) })),
  notes: many(payload('CommandNote', 'note', COMMANDS, { type: attribute(oneOf('error', 'info', 'warn')), text: content() })),
  form: one(form),
  elements: elements(),
})

export const commands = define('command', ['iq'], command)
