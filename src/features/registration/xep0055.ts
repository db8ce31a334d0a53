/** XEP-0055: Jabber Search, version 1.3 */
import { define } from '../../stanza/definition.ts'
import { attribute, many, one, text } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { jid } from '../../stanza/scalars.ts'
import { resultSet } from '../archive/xep0059.ts'
import { form } from '../forms/xep0004.ts'

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
