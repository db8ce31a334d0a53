/** XEP-0122: Data Forms Validation, version 1.0.2 */
import { attribute, flag, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'

const VALIDATE = 'http://jabber.org/protocol/xdata-validate'
const bounds = { min: attribute(), max: attribute() }

export const validate = payload('FormValidation', 'validate', VALIDATE, {
  datatype: attribute(),
  basic: flag(),
  open: flag(),
  range: one(payload('FormRange', 'range', VALIDATE, bounds)),
  regex: text(),
  listRange: one(payload('FormListRange', 'list-range', VALIDATE, { min: attribute(integer()), max: attribute(integer()) })),
})
