/** What a server wants to know of somebody who registers (XEP-0077), as one form whichever way it asks. */
import type { Translator } from '../../codec/translate.ts'
import { stanzaProblem } from '../../errors/problem.ts'
import { REGISTER, registration } from '../../protocol/xep0077.ts'
import { type Element, element } from '../../xml/element.ts'
import { type FilledIn, type FormJson, submitted } from '../form-values.ts'

/** the fields of servers that have no form, in the order of XEP-0077 section 4 */
const plain = [
  ...(['username', 'nick', 'password', 'name', 'first', 'last', 'email', 'address', 'city', 'state', 'zip', 'phone', 'url'] as const),
  ...(['date', 'misc', 'text', 'key'] as const),
]

export interface Wanted {
  form: FormJson
  /** where else one can register */
  url?: string
  /** the server asks by a form of its own */
  isForm: boolean
}

/** Throws xmpp-feature-not-implemented where there is nothing to fill in. */
export function wantedBy(answer: Element | undefined, vocabulary: Translator): Wanted {
  const told = vocabulary.readAs(registration, answer) ?? {}
  const url = told.oob?.url
  const elsewhere = url === undefined ? {} : { url }
  if (told.form) return { form: told.form, isForm: true, ...elsewhere }
  const fields = plain
    .filter((name) => told[name] !== undefined)
    .map((name) => ({
      name,
      type: name === 'password' ? ('text-private' as const) : ('text-single' as const),
      required: true as const,
      ...(told[name] ? { values: [told[name]] } : {}),
    }))
  if (fields.length === 0 && url === undefined)
    throw stanzaProblem({ type: 'cancel', condition: 'feature-not-implemented', text: 'The server does not say what it wants to know.' })
  const instructions = told.instructions === undefined ? {} : { instructions: [told.instructions] }
  return { form: { type: 'form', ...instructions, fields }, isForm: false, ...elsewhere }
}

/** What the server is sent. Throws invalid-request, jid-malformed. */
export function filled({ form, isForm }: Wanted, given: FilledIn, vocabulary: Translator): Element {
  const sent = submitted(form, given)
  if (isForm) return vocabulary.writeAs(registration, { form: sent })
  const fields = (sent.fields ?? []).flatMap(({ name, values = [] }) => (name === undefined ? [] : [element(name, REGISTER, {}, values)]))
  return element('query', REGISTER, {}, fields)
}
