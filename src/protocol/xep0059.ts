/** XEP-0059: Result Set Management, version 1.0 */
import { attribute, content, required, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'
import { spread } from '../codec/structures.ts'
import { RSM } from './namespaces.ts'

const first = payload('ResultSetFirst', 'first', RSM, { first: required(content()), firstIndex: attribute(integer(), 'index') })

export const resultSet = payload(
  'ResultSet',
  'set',
  RSM,
  {
    max: text(integer()),
    before: text(),
    after: text(),
    first: spread(first, 'first', 'firstIndex'),
    last: text(),
    index: text(integer()),
    count: text(integer()),
  },
  { description: 'A page of a longer list: what is wanted of it, or what was given' },
)
