/** XEP-0141: Data Forms Layout, version 1.0 */

import { deferred } from '../codec/composed.ts'
import { attribute, attributesOf, flag, many, texts } from '../codec/fields.ts'
import type { JsonOf, Payload } from '../codec/model.ts'
import { payload } from '../codec/payload.ts'

const LAYOUT = 'http://jabber.org/protocol/xdata-layout'

interface Section extends JsonOf<typeof parts> {
  label?: string
  sections?: Section[]
}

const parts = { texts: texts('text'), fields: attributesOf('fieldref', 'var'), reported: flag('reportedref') }

const inner: Payload<Section> = deferred([['section', LAYOUT]], () => section)
const whole = { label: attribute(), ...parts, sections: many(inner) }
const section: Payload<Section> = payload('FormSection', 'section', LAYOUT, whole)

export const page = payload('FormPage', 'page', LAYOUT, whole)
