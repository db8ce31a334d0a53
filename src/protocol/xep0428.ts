/** XEP-0428: Fallback Indication, version 0.2.1; offsets count Unicode code points */
import { member } from '../codec/definition.ts'
import { attribute, many } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { integer } from '../codec/scalars.ts'
import { FALLBACK } from './namespaces.ts'

const range = { start: attribute(integer()), end: attribute(integer()) }

const mark = payload('Fallback', 'fallback', FALLBACK, {
  for: attribute(),
  body: many(payload('FallbackBody', 'body', FALLBACK, range)),
  subject: many(payload('FallbackSubject', 'subject', FALLBACK, range)),
})

export const fallback = member('fallback', ['message'], many(mark))
