import { isReadableName } from './characters.ts'
import { malformed } from './xml-error.ts'

/** The namespaces that are bound for ever (Namespaces in XML 1.0, section 3). */
export const XML = 'http://www.w3.org/XML/1998/namespace'
export const XMLNS = 'http://www.w3.org/2000/xmlns/'

/** The prefixes declared on one element, and those around it. */
export interface Scope {
  prefixes: Map<string, string>
  outer: Scope | undefined
}

/** Throws XmlError for a name that is not one NCName, or two with a colon between. Answers where the colon is, −1 without. */
export function checkName(name: string): number {
  const colon = name.indexOf(':')
  const good = colon < 0 ? isReadableName(name) : isReadableName(name.slice(0, colon)) && isReadableName(name.slice(colon + 1))
  if (!good) throw malformed('Not the name of an element or attribute.')
  return colon
}

/** Throws XmlError for a declaration that the reserved prefixes and namespaces forbid. `prefix` is '' for the default namespace. */
export function checkDeclaration(prefix: string, uri: string): void {
  if (prefix === 'xmlns' || uri === XMLNS || (prefix === 'xml') !== (uri === XML)) throw malformed('A reserved prefix or namespace.')
  if (prefix !== '' && uri === '') throw malformed('A prefix without a namespace.')
}

/** The namespace of a prefix. Throws XmlError where there is none. */
export function namespaceOf(prefix: string, scope: Scope | undefined): string {
  if (prefix === 'xml') return XML
  for (let at = scope; at !== undefined; at = at.outer) {
    const uri = at.prefixes.get(prefix)
    if (uri !== undefined) return uri
  }
  throw malformed('A prefix that is not declared.')
}
