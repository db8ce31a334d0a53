/** XEP-0004: Data Forms, version 2.13.2 */
import { define } from '../codec/definition.ts'
import { attribute, flag, many, one, text, texts } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { oneOf, string } from '../codec/scalars.ts'
import { elements } from '../codec/structures.ts'
import { DATA_FORM } from './namespaces.ts'
import { validate } from './xep0122.ts'
import { page } from './xep0141.ts'
import { media } from './xep0221.ts'

const fieldTypes = oneOf(
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
)

const option = payload('FormOption', 'option', DATA_FORM, { label: attribute(), value: text() })

const field = payload(
  'FormField',
  'field',
  DATA_FORM,
  {
    name: attribute(string, 'var'),
    type: attribute(fieldTypes),
    label: attribute(),
    description: text(string, 'desc'),
    required: flag(),
    values: texts('value'),
    options: many(option),
    validate: one(validate),
    media: one(media),
    elements: elements(),
  },
  { examples: [{ name: 'muc#roomconfig_roomname', type: 'text-single', values: ['Garden'] }] },
)

const reported = payload('FormReported', 'reported', DATA_FORM, { fields: many(field) })
const item = payload('FormItem', 'item', DATA_FORM, { fields: many(field) })

export const form = payload('Form', 'x', DATA_FORM, {
  type: attribute(oneOf('cancel', 'form', 'result', 'submit')),
  title: text(),
  instructions: texts('instructions'),
  fields: many(field),
  reported: one(reported),
  items: many(item),
  pages: many(page),
})

export const forms = define('form', ['message', 'iq'], form)
