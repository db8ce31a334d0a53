import xml, { type LtxElement } from '@xmpp/xml'
import { type Element, isElement } from '../../xml/element.ts'

/** An element as @xmpp/client reads it. Attributes in a namespace are left out: nothing in a negotiation has one. */
export function toLtx(element: Element): LtxElement {
  const attributes: Record<string, string> = { xmlns: element.xmlns }
  for (const key in element.attributes) {
    if (key.charCodeAt(0) !== 123 /* { */) attributes[key] = element.attributes[key] as string
  }
  const made = xml(element.name, attributes)
  for (const node of element.children) made.children.push(isElement(node) ? toLtx(node) : node)
  return made
}
