/** RFC 6120: XMPP Core. What all stanzas have (section 8.1) and their error (section 8.3). */

import { z } from 'zod'
import { type Condition, conditions, errorTypes } from '../errors/catalogue.ts'
import { CLIENT, STANZA_ERRORS } from '../xml/element.ts'
import { attribute, content } from './fields.ts'
import type { ChildField, Fields } from './model.ts'
import { payload } from './payload.ts'
import { plainText } from './reading.ts'
import { checkText, integer, invalid, jid, oneOf, string } from './scalars.ts'
import { anyElement, spread } from './structures.ts'
import { leaf } from './writing.ts'

const messageTypes = oneOf('chat', 'error', 'groupchat', 'headline', 'normal')
const presenceTypes = oneOf('error', 'probe', 'subscribe', 'subscribed', 'unavailable', 'unsubscribe', 'unsubscribed')
const iqTypes = oneOf('get', 'set', 'result', 'error')

const common = {
  to: attribute(jid),
  from: attribute(jid),
  id: attribute(),
  lang: attribute(string, 'xml:lang'),
}

/** payment-required is of RFC 3920, and still in XEP-0060 */
type ReadCondition = Condition | 'payment-required'
const names = [...Object.keys(conditions), 'payment-required'] as ReadCondition[]

interface Reason {
  condition: ReadCondition
  /** where the addressee of gone and redirect is now */
  uri?: string
}

const reason: ChildField<Reason, false> & { spread: readonly string[] } = {
  kind: 'child',
  required: false,
  spread: ['condition', 'uri'],
  matches: names.map((name) => [name, STANZA_ERRORS] as const),
  schema: () =>
    z.strictObject({ condition: z.enum(names as [ReadCondition, ...ReadCondition[]]).optional(), uri: z.string().optional() }) as never,
  read(element, before) {
    const uri = plainText(element)
    if (before !== undefined || uri === undefined) return undefined
    const condition = element.name as ReadCondition
    return uri === '' ? { condition } : { condition, uri }
  },
  write({ condition, uri = '' }, into, _vocabulary, path) {
    if (condition === undefined) throw invalid(path, 'condition', 'is required beside uri')
    checkText(uri, path, 'uri')
    into.push(leaf(condition, STANZA_ERRORS, uri))
  },
}

const errorText = payload('StanzaErrorText', 'text', STANZA_ERRORS, { text: content(), lang: attribute(string, 'xml:lang') })

/** RFC 6120 section 8.3.2; `code` is that of XEP-0086. */
export const stanzaError = payload(
  'StanzaError',
  'error',
  CLIENT,
  {
    type: attribute(oneOf(...errorTypes)),
    condition: reason,
    text: spread(errorText, 'text', 'lang'),
    by: attribute(jid),
    code: attribute(integer(0, 999)),
    applicationCondition: anyElement(STANZA_ERRORS),
  },
  { description: 'Why a stanza was refused (RFC 6120 section 8.3)', examples: [{ type: 'cancel', condition: 'item-not-found' }] },
)

export const stanzaFields: Record<'message' | 'presence' | 'iq', Fields> = {
  message: { ...common, type: attribute(messageTypes) },
  presence: { ...common, type: attribute(presenceTypes) },
  iq: { ...common, type: attribute(iqTypes) },
}
