/** The XHTML-IM profile (XEP-0071 sections 6 and 7): what may be shown of markup that somebody else wrote. */
import { Attributes, type Element, isElement, type Node } from '../xml/element.ts'

export const XHTML = 'http://www.w3.org/1999/xhtml'

const common = ['class', 'id', 'title', 'style', 'xml:lang']

const structure =
  'abbr acronym address blockquote br cite code dd dfn div dl dt em h1 h2 h3 h4 h5 h6 kbd li ol p pre q samp span strong ul var'

const profile = new Map<string, readonly string[]>([
  ...structure.split(' ').map((name) => [name, common] as const),
  ['blockquote', [...common, 'cite']],
  ['q', [...common, 'cite']],
  ['a', [...common, 'href', 'hreflang', 'rel', 'rev', 'type', 'charset', 'accesskey', 'tabindex']],
  ['img', [...common, 'src', 'alt', 'height', 'width', 'longdesc']],
])

/** their content is no text to read */
const dropped = new Set([
  ...['applet', 'audio', 'canvas', 'embed', 'form', 'frame', 'frameset', 'iframe', 'math', 'noembed', 'noframes'],
  ...['noscript', 'object', 'script', 'select', 'style', 'svg', 'template', 'textarea', 'title', 'video', 'head'],
])

const links = new Set(['href', 'src', 'cite', 'longdesc'])
const schemes = /^(?:https?|ftp|mailto|xmpp|tel|sms|sips?|geo|magnet|cid|ni|nih|urn|news|irc|ircs):/i
const image = /^data:image\/(?:png|gif|jpeg|webp);base64,[A-Za-z0-9+/=\s]*$/i

const properties = new Set([
  'background-color',
  'color',
  'font-family',
  'font-size',
  'font-style',
  'font-weight',
  'margin-left',
  'margin-right',
  'text-align',
  'text-decoration',
])

/** The same nodes without what the profile does not have; the text inside other elements stays. */
export function sanitise(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node): Node[] => {
    if (!isElement(node)) return [node]
    if (node.xmlns !== XHTML || dropped.has(node.name)) return []
    const allowed = profile.get(node.name)
    const children = sanitise(node.children)
    return allowed === undefined ? children : [{ ...node, attributes: attributesOf(node, allowed), children }]
  })
}

function attributesOf(element: Element, allowed: readonly string[]): Record<string, string> {
  const kept = new Attributes()
  for (const name in element.attributes) {
    if (!allowed.includes(name)) continue
    const value = element.attributes[name] as string
    const safe = name === 'style' ? safeStyle(value) : links.has(name) && !isSafe(value, element.name) ? undefined : value
    if (safe !== undefined) kept[name] = safe
  }
  return kept
}

function isSafe(uri: string, element: string): boolean {
  return schemes.test(uri) || (element === 'img' && image.test(uri))
}

/** the text itself where nothing had to go */
function safeStyle(style: string): string | undefined {
  const declarations = style.split(';')
  const safe = declarations.filter((declaration) => declaration.trim() === '' || isSafeDeclaration(declaration))
  if (safe.length === declarations.length) return style
  const rest = safe.map((declaration) => declaration.trim()).filter((declaration) => declaration !== '')
  return rest.length === 0 ? undefined : rest.join('; ')
}

function isSafeDeclaration(declaration: string): boolean {
  const colon = declaration.indexOf(':')
  const property = declaration.slice(0, colon).trim().toLowerCase()
  const value = declaration.slice(colon + 1).replace(/rgba?\([\d\s.,%]*\)/g, '')
  return colon > 0 && properties.has(property) && /^[\w\s#%.,'"+-]*$/.test(value)
}
