/**
 * How much an element says, however it is spelt: bytes of UTF-8 of its names without prefixes, of its values and its text with
 * references resolved, and of the fewest marks that XML needs around them. No spelling of it has less. Namespaces have a limit of their own.
 */
import { type Element, isElement } from './element.ts'

/** of all that an element has now */
export function weightOf(element: Element): number {
  let sum = element.children.length === 0 ? weightOfStart(element) : weightOfStart(element) + weightOfEnd(element)
  for (const node of element.children) sum += isElement(node) ? weightOf(node) : Buffer.byteLength(node)
  return sum
}

/** `<name key="value"/>` */
export function weightOfStart({ name, attributes }: Element): number {
  let sum = 3 + Buffer.byteLength(name)
  for (const key in attributes) {
    const local = key.charCodeAt(0) === 123 /* { */ ? key.slice(key.lastIndexOf('}') + 1) : key
    sum += 4 + Buffer.byteLength(local) + Buffer.byteLength(attributes[key] as string)
  }
  return sum
}

/** what `<name></name>` has more than `<name/>` */
export function weightOfEnd({ name }: Element): number {
  return 2 + Buffer.byteLength(name)
}
