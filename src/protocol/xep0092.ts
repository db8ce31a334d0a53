/** XEP-0092: Software Version, version 1.1 */
import { define } from '../codec/definition.ts'
import { text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { SOFTWARE_VERSION } from './namespaces.ts'

export const softwareVersion = payload('SoftwareVersion', 'query', SOFTWARE_VERSION, { name: text(), version: text(), os: text() })

export const version = define('version', ['iq'], softwareVersion)
