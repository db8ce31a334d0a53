import { type Element, isElement, type Node } from '../xml/element.ts'
import { type Extension, put, readExtension } from './extension.ts'
import type { Json, Vocabulary } from './model.ts'
import type { Entry, Slot, Table } from './table.ts'

/** Key in `raw` of white space in an element that holds nothing else, and has no member for text. */
export const WHITE = '#text'

/** One element being read: what the fields made of it, and what they left. */
interface Reading {
  json: Json
  raw: Record<string, string> | undefined
  attributes: Record<string, string> | undefined
  extensions: (Extension | string)[] | undefined
  /** names of which one was left: all later ones are too, so that their order stays */
  spoiled: Set<string> | undefined
}

/** Element → JSON. Undefined where a required member is missing; what no field reads is in attributes, extensions and raw. */
export function readElement(table: Table, element: Element, vocabulary: Vocabulary): Json | undefined {
  const reading: Reading = { json: {}, raw: undefined, attributes: undefined, extensions: undefined, spoiled: undefined }
  for (const name in element.attributes) readAttribute(table, reading, name, element.attributes[name] as string)
  if (element.children.length > 0) readChildren(table, reading, element.children, vocabulary)

  const { json, raw, attributes, extensions } = reading
  for (const member of table.required) {
    if (json[member] !== undefined) continue
    if (member !== table.content?.member || !scan(reading, table.content, '')) return undefined
  }
  if (raw !== undefined) json.raw = raw
  if (attributes !== undefined) json.attributes = attributes
  if (extensions !== undefined) json.extensions = extensions
  return json
}

function readAttribute(table: Table, reading: Reading, name: string, value: string): void {
  const slot = table.attributes.get(name)
  if (slot !== undefined) scan(reading, slot, value)
  else {
    reading.attributes ??= {}
    put(reading.attributes, name, value)
  }
}

function readChildren(table: Table, reading: Reading, nodes: readonly Node[], vocabulary: Vocabulary): void {
  let words = ''
  let inside = false
  for (const node of nodes) {
    if (typeof node === 'string') words += node
    else inside = true
  }
  if (!inside) readWords(table, reading, words)
  else if (blank(words)) {
    for (const node of nodes) if (typeof node !== 'string') readChild(table, reading, node, vocabulary)
  } else {
    // Text between elements that no definition expects: their order matters, so they stay as they are.
    reading.extensions = nodes.map((node) => (isElement(node) ? readExtension(node) : node))
  }
}

function readWords(table: Table, reading: Reading, words: string): void {
  if (words === '') return
  if (table.content !== undefined) scan(reading, table.content, words)
  else if (blank(words)) reading.raw = { ...reading.raw, [WHITE]: words }
  else reading.extensions = [words]
}

function readChild(table: Table, reading: Reading, element: Element, vocabulary: Vocabulary): void {
  const { name, xmlns } = element
  const entries = table.children.get(name)
  let known = false
  if (entries !== undefined) {
    for (const entry of entries) {
      if (entry.xmlns !== xmlns) continue
      known = true
      if (reading.spoiled?.has(name)) break
      if (entry.shared && isLate(reading.json, entry, entries)) continue
      if (entry.text === undefined ? readField(reading, entry, element, vocabulary) : readText(reading, entry.text, element)) return
    }
  }
  if (!known && table.wildcard !== undefined && !reading.spoiled?.has(name)) {
    const { member, field } = table.wildcard
    const value = field.read(element, reading.json[member], vocabulary)
    if (value !== undefined) {
      reading.json[member] = value
      return
    }
  }
  leave(reading, element)
}

function readText(reading: Reading, slot: Slot, element: Element): boolean {
  const { member } = slot
  if (reading.json[member] !== undefined || reading.raw?.[member] !== undefined) return false
  const words = plainText(element)
  if (words === undefined) return false
  scan(reading, slot, words)
  return true
}

function readField(reading: Reading, { field, member, xmlns }: Entry, element: Element, vocabulary: Vocabulary): boolean {
  const { json } = reading
  if (field === undefined) return false
  const before = field.spread === undefined ? json[member] : pick(json, field.spread)
  const value = field.read(element, before, vocabulary)
  if (value === undefined) {
    // A second one is left: where extensions can stand for the member, the first must be there too.
    if (field.lossy !== undefined && before !== undefined) {
      const first: Node[] = []
      field.write(before, first, vocabulary, undefined, member, xmlns)
      leave(reading, first[0] as Element)
    }
    return false
  }
  if (field.spread === undefined) json[member] = value
  else Object.assign(json, value)
  if (field.lossy?.(element, value)) leave(reading, element)
  return true
}

/** The members that are there, undefined without any. */
export function pick(json: Json, members: readonly string[]): Json | undefined {
  const there = members.filter((member) => json[member] !== undefined)
  return there.length === 0 ? undefined : Object.fromEntries(there.map((member) => [member, json[member]]))
}

function leave(reading: Reading, element: Element): void {
  reading.extensions ??= []
  reading.extensions.push(readExtension(element))
  reading.spoiled ??= new Set()
  reading.spoiled.add(element.name)
}

/** Sets the member; text that it cannot hold, or that spells its value in another way, is kept in `raw`. */
function scan(reading: Reading, { member, scalar }: Slot, text: string): boolean {
  const value = scalar.parse(text)
  if (value !== undefined) {
    reading.json[member] = value
    if (!scalar.loose || scalar.print(value) === text) return true
  } else if (scalar.nullable) reading.json[member] = null
  reading.raw ??= {}
  reading.raw[member] = text
  return value !== undefined
}

/** Children of one name belong to several members: true where one of another member has come after the first of this. */
function isLate(json: Json, entry: Entry, entries: readonly Entry[]): boolean {
  if (json[entry.member] === undefined) return false
  let seen = false
  for (const key in json) {
    if (key === entry.member) seen = true
    else if (seen && entries.some((other) => other.member === key && other.xmlns === entry.xmlns)) return true
  }
  return false
}

export function blank(text: string): boolean {
  return !/[^ \t\r\n]/.test(text)
}

/** The text of an element that has nothing else, undefined for others. */
export function plainText(element: Element): string | undefined {
  for (const _ in element.attributes) return undefined
  let text = ''
  for (const node of element.children) {
    if (typeof node !== 'string') return undefined
    text += node
  }
  return text
}
