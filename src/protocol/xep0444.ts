/** XEP-0444: Message Reactions, version 0.2.1 */
import { define } from '../codec/definition.ts'
import { attribute, required, texts } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { REACTIONS } from './namespaces.ts'

export const reactions = define(
  'reactions',
  ['message'],
  payload('Reactions', 'reactions', REACTIONS, { id: required(attribute()), reactions: texts('reaction') }),
)
