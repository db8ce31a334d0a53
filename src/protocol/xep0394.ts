/** XEP-0394: Message Markup, version 0.3.0; offsets count Unicode code points of the body */
import { define } from '../codec/definition.ts'
import { attribute, many, names } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { boolean, integer } from '../codec/scalars.ts'

const MARKUP = 'urn:xmpp:markup:0'
const range = { start: attribute(integer()), end: attribute(integer()) }

const span = payload('MarkupSpan', 'span', MARKUP, { ...range, styles: names(['emphasis', 'code', 'deleted', 'strong']) })
const code = payload('MarkupCode', 'bcode', MARKUP, { ...range, language: attribute() })
const quote = payload('MarkupQuote', 'bquote', MARKUP, range)
const item = payload('MarkupListItem', 'li', MARKUP, { start: attribute(integer()) })
const list = payload('MarkupList', 'list', MARKUP, { ...range, ordered: attribute(boolean), items: many(item) })

export const markup = define(
  'markup',
  ['message'],
  payload('Markup', 'markup', MARKUP, { spans: many(span), codeBlocks: many(code), quotes: many(quote), lists: many(list) }),
)
