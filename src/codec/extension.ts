import { z } from 'zod'
import { FAULTS_MAX } from '../errors/problem.ts'
import { isReadableName } from '../xml/characters.ts'
import { Attributes, type Element, isElement, type Node } from '../xml/element.ts'
import { XML, XMLNS } from '../xml/namespaces.ts'
import { list } from './list.ts'
import { checkText, invalid, type Path } from './scalars.ts'

/** An element that no definition knows, whole. */
export interface Extension {
  name: string
  xmlns: string
  attributes?: Record<string, string>
  children?: (Extension | string)[]
}

/** NCName, or a namespaced one as `{uri}local`, or xml:lang */
const attributeName = /^(?:xml:lang|\{(.+)\}([^:{}]+)|[^:{}]+)$/s

/** May a name be written? One that was read may be of another edition of XML than those to send (characters.ts). */
export type NameCheck = (name: string) => boolean

/** No element can be put into the namespaces that XML itself has (Namespaces in XML 1.0, section 3). */
const isReserved = (uri: string) => uri === XML || uri === XMLNS

/** What makes the name of an attribute unfit for XML, or undefined. */
function wrongAttribute(name: string, isName: NameCheck): string | undefined {
  const found = attributeName.exec(name)
  const local = found?.[2] ?? (name === 'xml:lang' ? 'lang' : name)
  if (found === null || !isName(local)) return 'not a name that an XML attribute can have'
  if (found[1] === XMLNS) return 'in a namespace that is reserved'
  if (found[1] === XML && local === 'lang') return 'called xml:lang'
  return name === 'xmlns' ? 'a namespace is given as xmlns of the element' : undefined
}

/**
 * Objects of texts by names from outside: `fault` says what is wrong with a name. Own schema, for z.record drops a member called `__proto__`,
 * and makes an issue for each that is wrong, however many.
 */
export function textsByName(fault: (name: string) => string | undefined, meta: z.GlobalMeta): z.ZodType<Record<string, string>> {
  return z
    .unknown()
    .superRefine((value, context) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return context.addIssue('must be an object')
      let faults = 0
      for (const name of Object.keys(value)) {
        const message = typeof (value as Record<string, unknown>)[name] === 'string' ? fault(name) : 'must be a string'
        if (message === undefined) continue
        context.addIssue({ code: 'custom', path: [name], message })
        faults += 1
        if (faults === FAULTS_MAX) return
      }
    })
    .meta({ type: 'object', ...meta, additionalProperties: meta.additionalProperties ?? { type: 'string' } }) as unknown as z.ZodType<
    Record<string, string>
  >
}

export const attributesSchema = textsByName((name) => wrongAttribute(name, isReadableName), {
  id: 'Attributes',
  description: 'Attributes by name; one in a namespace is called {uri}name',
  examples: [{ 'xml:lang': 'en' }],
})

const ncName = z.string().min(1).refine(isReadableName, 'not a name that an XML element can have')

export const extensionSchema: z.ZodType<Extension> = z
  .strictObject({
    name: ncName,
    xmlns: z.string().refine((uri) => !isReserved(uri), 'is reserved'),
    attributes: attributesSchema.optional(),
    get children() {
      return list(z.union([extensionSchema, z.string()])).optional()
    },
  })
  .meta({
    id: 'Extension',
    description: 'An XML element as it is; children are elements and text in their order',
    examples: [{ name: 'x', xmlns: 'urn:example:x', attributes: { a: '1' }, children: ['text'] }],
  }) as unknown as z.ZodType<Extension>

export const extensionsSchema = list(z.union([extensionSchema, z.string()])).meta({
  id: 'Extensions',
  description: 'What has no member of its own, as it is: elements, and text between them',
})

export const rawSchema = textsByName(() => undefined, {
  id: 'Raw',
  description: 'The text as received of members that cannot hold it (absent or null then) or that spell it in another way',
  examples: [{ timestamp: 'yesterday' }],
})

export function readExtension(element: Element): Extension {
  const extension: Extension = { name: element.name, xmlns: element.xmlns }
  for (const key in element.attributes) {
    extension.attributes ??= {}
    put(extension.attributes, key, element.attributes[key] as string)
  }
  if (element.children.length > 0) extension.children = element.children.map((node) => (isElement(node) ? readExtension(node) : node))
  return extension
}

export function writeExtension(extension: Extension, isName: NameCheck, path: Path | undefined, key: string | number): Element {
  const here = { outer: path, key }
  if (!isName(extension.name)) throw invalid(here, 'name', 'is not a name that an XML element can have')
  checkText(extension.xmlns, here, 'xmlns')
  if (isReserved(extension.xmlns)) throw invalid(here, 'xmlns', 'is reserved')
  const attributes = new Attributes()
  if (extension.attributes !== undefined) writeAttributes(extension.attributes, attributes, isName, here)
  const children = extension.children
  return {
    name: extension.name,
    xmlns: extension.xmlns,
    attributes,
    children: children === undefined ? [] : writeNodes(children, isName, { outer: here, key: 'children' }),
  }
}

export function writeNodes(nodes: readonly (Extension | string)[], isName: NameCheck, path: Path): Node[] {
  return nodes.map((node, index) => {
    if (typeof node !== 'string') return writeExtension(node, isName, path, index)
    checkText(node, path, index)
    return node
  })
}

export function writeAttributes(
  from: Readonly<Record<string, string>>,
  into: Record<string, string>,
  isName: NameCheck,
  path: Path | undefined,
): void {
  const here = { outer: path, key: 'attributes' }
  for (const name of Object.keys(from)) {
    const wrong = wrongAttribute(name, isName)
    if (wrong !== undefined) throw invalid(here, name, `is ${wrong}`)
    const value = from[name] as string
    checkText(value, here, name)
    into[name] = value
  }
}

/** Sets a member by a name from outside; `__proto__` is one like any other. */
export function put<T>(record: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true })
  else record[name] = value
}
