/** XEP-0071: XHTML-IM, version 1.5.4. JSON has the inside of the first body as text, sanitised; the profile is in xhtml.ts */
import { z } from 'zod'
import { member } from '../../stanza/definition.ts'
import { child, type Element, isElement, type Node } from '../../stanza/element.ts'
import type { ChildField } from '../../stanza/field.ts'
import { parseStanza } from '../../stanza/parse.ts'
import { blank } from '../../stanza/reading.ts'
import { invalid } from '../../stanza/scalars.ts'
import { serialize } from '../../stanza/serialize.ts'
import { leaf } from '../../stanza/writing.ts'
import { sanitise, XHTML } from './xhtml.ts'

const XHTML_IM = 'http://jabber.org/protocol/xhtml-im'

const field: ChildField<string, false> = {
  kind: 'child',
  required: false,
  matches: [['html', XHTML_IM]],
  schema: () => z.string().meta({ description: 'XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071' }),
  read(element, before) {
    const body = child(element, 'body', XHTML)
    return before !== undefined || body === undefined ? undefined : print(sanitise(body.children))
  },
  write(html, into, _vocabulary, path, key) {
    const body = parseHtml(html)
    if (body === undefined) throw invalid(path, key, 'must be well-formed XHTML')
    into.push({ ...leaf('html', XHTML_IM), children: [{ ...leaf('body', XHTML), children: sanitise(body.children) }] })
  },
  lossy: (element, html) => !isWritten(element, html),
}

export const html = member('html', ['message'], field)

/** The element that `write` would make of the text, and no other? */
function isWritten(element: Element, html: string): boolean {
  for (const _ in element.attributes) return false
  const [body, ...others] = element.children.filter((node) => isElement(node) || !blank(node))
  if (!isElement(body) || others.length > 0 || body.name !== 'body' || body.xmlns !== XHTML) return false
  for (const _ in body.attributes) return false
  return print(body.children) === html && parseHtml(html) !== undefined
}

/** without `xmlns`: that of XHTML is in force */
function print(nodes: readonly Node[]): string {
  const whole = serialize({ ...leaf('body', XHTML), children: nodes }, XHTML)
  return whole === '<body/>' ? '' : whole.slice('<body>'.length, -'</body>'.length)
}

function parseHtml(html: string): Element | undefined {
  try {
    const body = parseStanza(`<body xmlns="${XHTML}">${html}</body>`)
    return body.name === 'body' ? body : undefined
  } catch {
    return undefined
  }
}
