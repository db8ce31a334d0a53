/** XEP-0373: OpenPGP for XMPP, version 0.7.0; the element alone, what is inside is encrypted */
import { define } from '../../stanza/definition.ts'
import { textual } from '../../stanza/payloads.ts'

export const openpgp = define('openpgp', ['message'], textual('openpgp', 'urn:xmpp:openpgp:0'))
