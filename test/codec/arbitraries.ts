/** Arbitrary trees of elements. */
import fc from 'fast-check'
import { illegalCharacter, isReadableName } from '../../src/xml/characters.ts'
import { type Element, element, type Node } from '../../src/xml/element.ts'

const XML = 'http://www.w3.org/XML/1998/namespace'

/** Text that XML can carry. */
export const anyText = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", ']', ']]>', '\r', '\n', '\t', ' ', 'é', '😀', 'a', '&lt;', '&#0;') }),
  )
  .filter((text) => illegalCharacter(text) === undefined)

const anyName = fc.oneof(
  fc.constantFrom('a', 'body', 'x', '_', 'a-b.c', 'xmlns2', 'Ünï', '__proto__', 'constructor'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).filter((name) => isReadableName(name) && name !== 'xmlns'),
)

const anyNamespace = fc.oneof(
  fc.constantFrom('jabber:client', 'urn:x', '', 'a"b<&\t\n'),
  anyText.filter((uri) => !uri.startsWith('http://www.w3.org/')),
)

const anyKey = fc.oneof(
  { weight: 4, arbitrary: anyName },
  { weight: 1, arbitrary: fc.constantFrom('xml:lang', `{${XML}}space`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        anyNamespace.filter((uri) => uri !== ''),
        anyName,
      )
      .map(([uri, name]) => `{${uri}}${name}`),
  },
)

const { tree } = fc.letrec<{ tree: Element; node: Node }>((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, anyText, tie('tree')),
  tree: fc
    .tuple(anyName, anyNamespace, fc.array(fc.tuple(anyKey, anyText), { maxLength: 4 }), fc.array(tie('node'), { maxLength: 4 }))
    .map(([name, xmlns, attributes, children]) => {
      const named: Record<string, string> = Object.create(null)
      for (const [key, value] of attributes) named[key] = value
      return element(name, xmlns, named, merged(children))
    }),
}))

export const anyElement = tree

/** A tree that was read never has two texts side by side. */
function merged(nodes: readonly Node[]): Node[] {
  const all: Node[] = []
  for (const node of nodes) {
    const last = all.at(-1)
    if (typeof node === 'string' && typeof last === 'string') all[all.length - 1] = last + node
    else all.push(node)
  }
  return all
}
