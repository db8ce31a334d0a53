import { isDeepStrictEqual } from 'node:util'
import { isReadableName } from '../xml/characters.ts'
import { Attributes, type Element, type Node, none } from '../xml/element.ts'
import { type Extension, writeAttributes, writeNodes } from './extension.ts'
import type { ChildField, Json, Leftovers, Vocabulary } from './model.ts'
import { blank, pick, WHITE } from './reading.ts'
import { checkText, invalid, type Path, type Scalar } from './scalars.ts'
import { reserved, type Table, type Writer } from './table.ts'

interface Writing {
  attributes: Record<string, string>
  nodes: Node[]
  words: string
}

/** JSON → element. Throws the problems invalid-request, illegal-character and jid-malformed with the path of the member. */
export function writeElement(table: Table, name: string, json: Json & Leftovers, vocabulary: Vocabulary, here: Path | undefined): Element {
  const { raw, attributes, extensions } = json
  const writing: Writing = { attributes: new Attributes(), nodes: [], words: '' }
  for (const member of Object.keys(json)) {
    const value = json[member]
    const writer = table.members.get(member)
    if (writer === undefined) {
      if (!reserved.has(member)) throw invalid(here, member, 'is not a member that is known here')
    } else if (value === undefined || value === null) continue
    else if (writer.kind === 'child') writeChild(table, writing, writer.field, member, json, vocabulary, here)
    else put(writing, writer, print(writer.scalar, value, raw?.[member], vocabulary, here, member))
  }
  for (const member of table.required) if (json[member] === undefined) throw invalid(here, member, 'is required')
  if (raw !== undefined) writeRaw(table, writing, raw, json, here)
  if (attributes !== undefined) {
    for (const attribute of Object.keys(attributes)) {
      const slot = table.attributes.get(attribute)
      if (slot !== undefined) throw invalid(here, `attributes.${attribute}`, `is the member ${slot.member}`)
    }
    writeAttributes(attributes, writing.attributes, vocabulary.isName, here)
  }
  if (writing.words !== '') writing.nodes.unshift(writing.words)
  if (extensions !== undefined)
    for (const node of writeNodes(extensions, vocabulary.isName, { outer: here, key: 'extensions' })) writing.nodes.push(node)
  return { name, xmlns: table.xmlns, attributes: writing.attributes, children: writing.nodes }
}

function writeChild(
  table: Table,
  writing: Writing,
  field: ChildField,
  member: string,
  json: Json & Leftovers,
  vocabulary: Vocabulary,
  here: Path | undefined,
): void {
  // one element holds all members that are spread: the first that is there writes it
  if (field.spread !== undefined && field.spread.find((one) => json[one] !== undefined) !== member) return
  const value = field.spread === undefined ? json[member] : pick(json, field.spread)
  const { extensions } = json
  if (extensions !== undefined && field.lossy !== undefined && isKept(table, field, value, extensions, vocabulary)) return
  field.write(value, writing.nodes, vocabulary, here, field.spread === undefined ? member : '', table.xmlns)
}

/** True where the extensions have the element as received, and it still says what the member says. */
function isKept(table: Table, field: ChildField, value: unknown, extensions: readonly (Extension | string)[], vocabulary: Vocabulary) {
  const kept = extensions.find(
    (extension): extension is Extension =>
      typeof extension !== 'string' &&
      table.children.get(extension.name)?.some((one) => one.field === field && one.xmlns === extension.xmlns) === true,
  )
  return kept !== undefined && isDeepStrictEqual(field.read(received(kept), undefined, vocabulary), value)
}

function received(extension: Extension): Element {
  return writeNodes([extension], isReadableName, { outer: undefined, key: '' })[0] as Element
}

function writeRaw(table: Table, writing: Writing, raw: Record<string, string>, json: Json, here: Path | undefined): void {
  const path = { outer: here, key: 'raw' }
  for (const member of Object.keys(raw)) {
    const text = raw[member] as string
    if (member === WHITE && blank(text)) {
      if (writing.nodes.length === 0) writing.words ||= text
      continue
    }
    const writer = table.members.get(member)
    if (writer === undefined || writer.kind === 'child') throw invalid(path, member, 'is not a member that has text')
    const value = json[member]
    if (value !== undefined && value !== null) continue
    if (writer.scalar.parse(text) !== undefined) throw invalid(path, member, `is a value that ${member} can hold`)
    checkText(text, path, member)
    put(writing, writer, text)
  }
}

function put(writing: Writing, writer: Exclude<Writer, { kind: 'child' }>, text: string): void {
  if (writer.kind === 'attribute') writing.attributes[writer.name] = text
  else if (writer.kind === 'content') writing.words = text
  else writing.nodes.push(leaf(writer.name, writer.xmlns, text))
}

/** The text to write: as received where that still says the same. */
function print(
  scalar: Scalar<unknown>,
  value: unknown,
  raw: string | undefined,
  { received }: Vocabulary,
  path: Path | undefined,
  member: string,
): string {
  const isSame = raw !== undefined && scalar.parse(raw) === value
  if (!isSame && !received) scalar.check?.(value, path, member)
  const text = isSame ? raw : scalar.print(value)
  checkText(text, path, member)
  return text
}

/** An element without attributes that has text or nothing. */
export function leaf(name: string, xmlns: string, text = ''): Element {
  return { name, xmlns, attributes: none, children: text === '' ? [] : [text] }
}
