import { type Element, isElement, type Node } from '../../src/xml/element.ts'

/**
 * The same text for stanzas that are equal: names, namespaces, attributes, text and the order of children of one name count;
 * prefixes and white space between elements do not. Where text stands between elements, the order of all counts.
 */
export function canonical(element: Element): string {
  const attributes = Object.keys(element.attributes)
    .sort()
    .map((name) => ` ${name}=${JSON.stringify(element.attributes[name])}`)
  return `<${JSON.stringify(element.xmlns)}${element.name}${attributes.join('')}>${inside(joined(element.children))}</>`
}

function inside(nodes: Node[]): string {
  const elements = nodes.filter(isElement)
  const isMixed = nodes.some((node) => !isElement(node) && /[^ \t\r\n]/.test(node))
  if (elements.length === 0 || isMixed) return nodes.map((node) => (isElement(node) ? canonical(node) : JSON.stringify(node))).join('')
  const byName = new Map<string, string[]>()
  for (const child of elements) {
    const key = `${child.xmlns} ${child.name}`
    byName.set(key, [...(byName.get(key) ?? []), canonical(child)])
  }
  return [...byName.keys()]
    .sort()
    .map((key) => byName.get(key)?.join(''))
    .join('')
}

function joined(nodes: readonly Node[]): Node[] {
  const all: Node[] = []
  for (const node of nodes) {
    const last = all.at(-1)
    if (!isElement(node) && typeof last === 'string') all[all.length - 1] = last + node
    else if (node !== '') all.push(node)
  }
  return all
}
