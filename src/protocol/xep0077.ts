/** XEP-0077: In-Band Registration, version 2.4 */
import { define } from '../codec/definition.ts'
import { flag, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { form } from './xep0004.ts'
import { oobLink } from './xep0066.ts'

export const REGISTER = 'jabber:iq:register'
/** of stream features: anybody may register before a log-in */
export const REGISTER_FEATURE = 'http://jabber.org/features/iq-register'

export const registration = payload('Register', 'query', REGISTER, {
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
})

export const register = define('register', ['iq'], registration)
