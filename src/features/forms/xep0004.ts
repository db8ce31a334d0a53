/** XEP-0004: Data Forms, version 2.13.1 */
import { define } from '../../stanza/definition.ts'
import { attribute, flag, many, one, required, text, texts } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { oneOf } from '../../stanza/scalars.ts'

const DATA = 'jabber:x:data'

export const fieldTypes = [
  'boolean',
  'fixed',
  'hidden',
  'jid-multi',
  'jid-single',
  'list-multi',
  'list-single',
  'text-multi',
  'text-private',
  'text-single',
] as const

const option = payload('FormOption', 'option', DATA, { label: attribute(), value: required(text()) })

const field = payload(
  'FormField',
  'field',
  DATA,
  {
    name: attribute(undefined, 'var'),
    type: attribute(oneOf(...fieldTypes)),
    label: attribute(),
    description: text(undefined, 'desc'),
    required: flag(),
    values: texts('value'),
    options: many(option),
  },
  { example: { name: 'muc#roomconfig_roomname', type: 'text-single', values: ['Garden'] } },
)

const reported = payload('FormReported', 'reported', DATA, { fields: many(field) })
const item = payload('FormItem', 'item', DATA, { fields: many(field) })

export const form = payload('Form', 'x', DATA, {
  type: attribute(oneOf('cancel', 'form', 'result', 'submit')),
  title: text(),
  instructions: texts('instructions'),
  fields: many(field),
  reported: one(reported),
  items: many(item),
})

export const forms = define('form', ['message', 'iq'], form)
