/** XEP-0373: OpenPGP for XMPP, version 0.7.0; the element alone, what is inside is encrypted */

import { textual } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'

export const openpgp = define('openpgp', ['message'], textual('openpgp', 'urn:xmpp:openpgp:0'))
