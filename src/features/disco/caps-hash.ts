/** What a client's answer to disco#info comes to, as its presence says beforehand (XEP-0115 section 5, XEP-0390 section 4). */
import { createHash } from 'node:crypto'
import { DATA_FORM, DISCO_INFO } from '../../protocol/namespaces.ts'
import { type Element, elements, text } from '../../xml/element.ts'

/** the hash functions that are believed, by the names of XEP-0300; the shorter of the family are only of XEP-0115 */
const algorithms: Readonly<Record<string, string>> = {
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
  'sha3-256': 'sha3-256',
  'sha3-512': 'sha3-512',
}

export const isKnownAlgorithm = (algorithm: string): boolean => Object.hasOwn(algorithms, algorithm)

/** The verification string of XEP-0115, in base64; undefined for an answer that it calls ill-formed. */
export function capsHash(query: Element, algorithm: string): string | undefined {
  const written = verification(query)
  return written === undefined ? undefined : digest(algorithm, written)
}

/** The hash of XEP-0390, in base64; undefined for an answer that has none. */
export function caps2Hash(query: Element, algorithm: string): string | undefined {
  const forms = elements(query).filter(isForm)
  const isForeign = elements(query).some((one) => !isForm(one) && (one.xmlns !== DISCO_INFO || !['identity', 'feature'].includes(one.name)))
  if (isForeign || forms.some((form) => formType(form) === undefined || elements(form).some(({ name }) => name !== 'field')))
    return undefined
  const features = named(query, 'feature').map(({ attributes }) => `${attributes.var ?? ''}\x1f`)
  const identities = named(query, 'identity').map(
    ({ attributes: { category = '', type = '', name = '', 'xml:lang': lang = '' } }) =>
      `${[category, type, lang, name].join('\x1f')}\x1f\x1e`,
  )
  const extensions = forms.map(
    (form) => `${joined(fieldsOf(form).map(([name, values]) => `${name}\x1f${joined(values.map((value) => `${value}\x1f`))}\x1e`))}\x1d`,
  )
  return digest(algorithm, `${joined(features)}\x1c${joined(identities)}\x1c${joined(extensions)}\x1c`)
}

function verification(query: Element): string | undefined {
  const identities = named(query, 'identity').map(({ attributes: { category = '', type = '', name = '', 'xml:lang': lang = '' } }) => ({
    kind: `${category}/${type}/${lang}`,
    name,
    isPlain: ![category, type, lang].some((part) => part.includes('/')),
  }))
  const features = named(query, 'feature').map(({ attributes }) => attributes.var ?? '')
  const forms = elements(query)
    .filter(isForm)
    .map((form) => ({ type: formType(form), fields: fieldsOf(form) }))
    .filter((form): form is typeof form & { type: string } => form.type !== undefined)
  const isDouble = [identities.map(({ kind }) => kind), features, forms.map(({ type }) => type)].some(
    (all) => new Set(all).size < all.length,
  )
  if (isDouble || identities.some(({ isPlain }) => !isPlain)) return undefined
  const parts = [
    ...sorted(identities.map(({ kind, name }) => `${kind}/${name}`)),
    ...sorted(features),
    ...sortedBy(forms, ({ type }) => type).flatMap(({ type, fields }) => [type, ...fieldParts(fields)]),
  ]
  // what has the separator in it could stand for something else
  return parts.some((part) => part.includes('<')) ? undefined : parts.map((part) => `${part}<`).join('')
}

function fieldParts(fields: readonly [string, string[]][]): string[] {
  const others = fields.filter(([name]) => name !== 'FORM_TYPE')
  return sortedBy(others, ([name]) => name).flatMap(([name, values]) => [name, ...sorted(values)])
}

const isForm = ({ name, xmlns }: Element) => name === 'x' && xmlns === DATA_FORM

const named = (query: Element, name: string) => elements(query).filter((one) => one.name === name && one.xmlns === DISCO_INFO)

/** Of a form that says what it is (XEP-0068), in one way. */
function formType(form: Element): string | undefined {
  const fields = elements(form).filter(({ attributes }) => attributes.var === 'FORM_TYPE')
  const values = new Set(fields.flatMap((field) => elements(field).filter(({ name }) => name === 'value')).map(text))
  return fields[0]?.attributes.type === 'hidden' && values.size === 1 ? [...values][0] : undefined
}

const fieldsOf = (form: Element): [string, string[]][] =>
  elements(form)
    .filter(({ name }) => name === 'field')
    .map((field) => [
      field.attributes.var ?? '',
      elements(field)
        .filter(({ name }) => name === 'value')
        .map(text),
    ])

const joined = (parts: readonly string[]) => sorted(parts).join('')

/** i;octet of RFC 4790 */
function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const keyed = items.map((item) => ({ item, octets: Buffer.from(key(item)) }))
  return keyed.sort((one, other) => Buffer.compare(one.octets, other.octets)).map(({ item }) => item)
}

const sorted = (parts: readonly string[]) => sortedBy(parts, (part) => part)

const digest = (algorithm: string, written: string) =>
  createHash(algorithms[algorithm] as string)
    .update(written)
    .digest('base64')
