/** XEP-0300: Use of Cryptographic Hash Functions in XMPP, version 1.0.0 */
import { attribute, content } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { string } from '../codec/scalars.ts'

export const HASHES = 'urn:xmpp:hashes:2'

export const hash = payload('Hash', 'hash', HASHES, { algorithm: attribute(string, 'algo'), value: content() })
