import { CLIENT, type Element, isElement } from './element.ts'
import { XML } from './namespaces.ts'

/**
 * Writes an element as XML. `xmlns` is the namespace in force around it: inside a client stream that is `jabber:client`,
 * so a stanza goes out without a declaration of its own. The tree is trusted to hold XML Chars and NCNames only:
 * characters.ts checks that where text enters the gateway.
 */
export function serialize(root: Element, xmlns: string = CLIENT): string {
  let attributes = root.xmlns === xmlns ? '' : ` xmlns="${escapeAttribute(root.xmlns)}"`
  let prefixes = 0
  for (const key in root.attributes) {
    const value = escapeAttribute(root.attributes[key] as string)
    if (key.charCodeAt(0) !== 123 /* { */) {
      attributes += ` ${key}="${value}"`
      continue
    }
    const end = key.lastIndexOf('}')
    if (key.slice(1, end) === XML) {
      attributes += ` xml:${key.slice(end + 1)}="${value}"`
      continue
    }
    prefixes += 1
    attributes += ` xmlns:a${prefixes}="${escapeAttribute(key.slice(1, end))}" a${prefixes}:${key.slice(end + 1)}="${value}"`
  }
  if (root.children.length === 0) return `<${root.name}${attributes}/>`
  let inner = ''
  for (const node of root.children) inner += isElement(node) ? serialize(node, root.xmlns) : escapeText(node)
  return `<${root.name}${attributes}>${inner}</${root.name}>`
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

function escapeText(value: string): string {
  return /[&<>\r]/.test(value) ? value.replace(/[&<>\r]/g, (character) => entities[character] as string) : value
}

/** Tab, LF and CR are written as references: a parser would normalise them to spaces (XML 1.0 section 3.3.3). */
function escapeAttribute(value: string): string {
  return /[&<>"\t\n\r]/.test(value) ? value.replace(/[&<>"\t\n\r]/g, (character) => entities[character] as string) : value
}
