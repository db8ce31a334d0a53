/** XEP-0077: In-Band Registration, version 2.4 */
import { define } from '../codec/definition.ts'
import { flag, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { form } from './xep0004.ts'
import { oobLink } from './xep0066.ts'

export const register = define(
  'register',
  ['iq'],
  payload('Register', 'query', 'jabber:iq:register', {
    registered: flag(),
    remove: flag(),
    instructions: text(),
    username: text(),
    nick: text(),
    password: text(),
    name: text(),
    first: text(),
    last: text(),
    email: text(),
    address: text(),
    city: text(),
    state: text(),
    zip: text(),
    phone: text(),
    url: text(),
    date: text(),
    misc: text(),
    text: text(),
    key: text(),
    form: one(form),
    oob: one(oobLink),
  }),
)
