/** XEP-0055: Jabber Search, version 1.3 */
import { define } from '../codec/definition.ts'
import { attribute, many, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { jid } from '../codec/scalars.ts'
import { form } from './xep0004.ts'
import { resultSet } from './xep0059.ts'

const SEARCH = 'jabber:iq:search'
const person = { first: text(), last: text(), nick: text(), email: text() }

export const search = define(
  'search',
  ['iq'],
  payload('Search', 'query', SEARCH, {
    instructions: text(),
    ...person,
    items: many(payload('SearchItem', 'item', SEARCH, { jid: attribute(jid), ...person })),
    form: one(form),
    paging: one(resultSet),
  }),
)
