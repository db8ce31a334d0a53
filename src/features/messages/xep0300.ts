/** XEP-0300: Use of Cryptographic Hash Functions in XMPP, version 1.0.0 */
import { attribute, content } from '../../stanza/fields.ts'
import { payload } from '../../stanza/payload.ts'
import { string } from '../../stanza/scalars.ts'

export const HASHES = 'urn:xmpp:hashes:2'

export const hash = payload('Hash', 'hash', HASHES, { algorithm: attribute(string, 'algo'), value: content() })
