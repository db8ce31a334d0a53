import type { Element } from '../xml/element.ts'

/** characters around a name or a value */
const SPELLING = 8

/** About how many characters a stanza has, and what is kept of it: each element and attribute is spelt out there. */
export function sizeOf(element: Element): number {
  let size = element.name.length + element.xmlns.length + SPELLING
  for (const name in element.attributes) size += name.length + (element.attributes[name] as string).length + SPELLING
  for (const node of element.children) size += typeof node === 'string' ? node.length : sizeOf(node)
  return size
}
