/** XEP-0215: External Service Discovery, version 1.0.0 */
import { define } from '../codec/definition.ts'
import { attribute, many, one } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, integer, oneOf, timestamp } from '../codec/scalars.ts'
import { form } from './xep0004.ts'

const EXTDISCO = 'urn:xmpp:extdisco:2'

const service = payload('ExternalService', 'service', EXTDISCO, {
  type: attribute(),
  host: attribute(),
  port: attribute(integer(0, 65_535)),
  transport: attribute(),
  name: attribute(),
  username: attribute(),
  password: attribute(),
  restricted: attribute(boolean),
  expires: attribute(timestamp),
  action: attribute(oneOf('add', 'delete', 'modify')),
  form: one(form),
})

export const externalServices = [
  define('externalServices', ['iq'], payload('ExternalServices', 'services', EXTDISCO, { type: attribute(), services: many(service) })),
  define('externalCredentials', ['iq'], payload('ExternalCredentials', 'credentials', EXTDISCO, { services: many(service) })),
]
