import type { ChildField, Field, Fields, TextField } from './model.ts'
import type { Scalar } from './scalars.ts'

/** The fields of one payload, found by what they read and by what they write. */
export interface Table {
  readonly xmlns: string
  readonly attributes: ReadonlyMap<string, Slot>
  readonly children: ReadonlyMap<string, readonly Entry[]>
  readonly content: Slot | undefined
  readonly wildcard: { readonly member: string; readonly field: ChildField } | undefined
  readonly members: ReadonlyMap<string, Writer>
  readonly required: readonly string[]
}

export interface Slot {
  readonly member: string
  readonly scalar: Scalar<unknown>
}

export interface Entry {
  readonly member: string
  readonly xmlns: string
  /** of a child that is nothing but text */
  readonly text: Slot | undefined
  readonly field: ChildField | undefined
  /** other members have children of this name too: only a run of each is typed, so that their order stays */
  readonly shared: boolean
}

export type Writer =
  | { readonly kind: 'attribute'; readonly name: string; readonly scalar: Scalar<unknown> }
  | { readonly kind: 'content'; readonly scalar: Scalar<unknown> }
  | { readonly kind: 'text'; readonly name: string; readonly xmlns: string; readonly scalar: Scalar<unknown> }
  | { readonly kind: 'child'; readonly field: ChildField }

/** Members that hold what no field knows. */
export const reserved: ReadonlySet<string> = new Set(['attributes', 'extensions', 'raw'])

/** `xmlns` is that of the element; throws on a member of a reserved name. */
export function tabulate(id: string, xmlns: string, fields: Fields): Table {
  const attributes = new Map<string, Slot>()
  const children = new Map<string, Entry[]>()
  const members = new Map<string, Writer>()
  const required: string[] = []
  let content: Slot | undefined
  let wildcard: Table['wildcard']

  function know(name: string, entry: Omit<Entry, 'shared'>): void {
    const entries = children.get(name) ?? []
    const shared = entries.some((other) => other.xmlns === entry.xmlns && other.member !== entry.member)
    const all = [...entries, { ...entry, shared }]
    children.set(name, shared ? all.map((other) => (other.xmlns === entry.xmlns ? { ...other, shared } : other)) : all)
  }

  function addText(member: string, field: TextField): void {
    const writer = { kind: 'text', name: field.name ?? member, xmlns: field.xmlns ?? xmlns, scalar: field.scalar } as const
    members.set(member, writer)
    know(writer.name, { member, xmlns: writer.xmlns, text: { member, scalar: field.scalar }, field: undefined })
  }

  function addChild(member: string, field: ChildField): void {
    for (const one of field.spread ?? [member]) members.set(one, { kind: 'child', field })
    if (field.matches === undefined) wildcard = { member, field }
    else for (const [name, space] of field.matches) know(name ?? member, { member, xmlns: space ?? xmlns, text: undefined, field })
  }

  for (const [member, given] of Object.entries(fields)) {
    const field = given as Field
    if (reserved.has(member)) throw new Error(`${id}: ${member} is reserved`)
    if (field.required) required.push(member)
    if (field.kind === 'attribute') {
      const name = field.name ?? member
      members.set(member, { kind: 'attribute', name, scalar: field.scalar })
      attributes.set(name, { member, scalar: field.scalar })
    } else if (field.kind === 'content') {
      members.set(member, field)
      content = { member, scalar: field.scalar }
    } else if (field.kind === 'text') addText(member, field)
    else addChild(member, field)
  }
  return { xmlns, attributes, children, content, wildcard, members, required }
}
