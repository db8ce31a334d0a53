/** XEP-0071: XHTML-IM, version 1.5.4. JSON has the inside of the first body as text, sanitised; the profile is in xhtml.ts */
import { z } from 'zod'
import { member } from '../codec/definition.ts'
import { textsByLanguage } from '../codec/fields.ts'
import type { ChildField } from '../codec/model.ts'
import { blank } from '../codec/reading.ts'
import { checkText, invalid, languagePattern, type Path } from '../codec/scalars.ts'
import { leaf } from '../codec/writing.ts'
import { type Element, elements, isElement, type Node, none } from '../xml/element.ts'
import { parseStanza } from '../xml/parse.ts'
import { serialize } from '../xml/serialize.ts'
import { sanitise, XHTML } from './xhtml.ts'

const XHTML_IM = 'http://jabber.org/protocol/xhtml-im'

interface Bodies {
  html?: string
  htmls?: Record<string, string>
}

const text = z.string().meta({ description: 'XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071' })

const field: ChildField<Bodies, false> & { spread: readonly string[] } = {
  kind: 'child',
  required: false,
  matches: [['html', XHTML_IM]],
  spread: ['html', 'htmls'],
  schema: () =>
    z.strictObject({
      html: text.optional(),
      htmls: textsByLanguage({ additionalProperties: { type: 'string', ...text.meta() } }).optional(),
    }) as never,
  read(element, before) {
    const found: Bodies = {}
    for (const body of before === undefined ? elements(element) : []) {
      if (body.name !== 'body' || body.xmlns !== XHTML) continue
      const language = body.attributes['xml:lang']
      if (language === undefined) found.html ??= print(sanitise(body.children))
      else if (languagePattern.test(language)) {
        found.htmls ??= {}
        found.htmls[language] = print(sanitise(body.children))
      }
    }
    return found.html === undefined && found.htmls === undefined ? undefined : found
  },
  write({ html, htmls = {} }, into, _vocabulary, path) {
    const plain = html === undefined ? [] : [write(html, undefined, path, 'html')]
    const byLanguage = Object.keys(htmls).map((language) => write(htmls[language] as string, language, path, 'htmls'))
    into.push({ ...leaf('html', XHTML_IM), children: [...plain, ...byLanguage] })
  },
  lossy: (element, found) => !isWritten(element, found),
}

export const html = member('html', ['message'], field)

function write(html: string, language: string | undefined, path: Path | undefined, key: string): Element {
  if (language !== undefined && !languagePattern.test(language)) throw invalid({ outer: path, key }, language, 'is not a language tag')
  checkText(html, path, key)
  const body = parseHtml(html)
  if (body === undefined) throw invalid(path, key, 'must be well-formed XHTML')
  return { ...leaf('body', XHTML), attributes: language === undefined ? none : { 'xml:lang': language }, children: sanitise(body.children) }
}

/** Are these the bodies of the element, in their order, and is that all it has? */
function isWritten(element: Element, { html, htmls = {} }: Bodies): boolean {
  for (const _ in element.attributes) return false
  const bodies = element.children.filter((node) => isElement(node) || !blank(node))
  const expected = [...(html === undefined ? [] : [[undefined, html] as const]), ...Object.entries(htmls)]
  if (bodies.length !== expected.length) return false
  return expected.every(([language, text], index) => {
    const body = bodies[index]
    if (!isElement(body) || body.name !== 'body' || body.xmlns !== XHTML) return false
    for (const name in body.attributes) if (name !== 'xml:lang') return false
    return body.attributes['xml:lang'] === language && print(body.children) === text && parseHtml(text) !== undefined
  })
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
