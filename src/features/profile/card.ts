/** What people tell of themselves, in one shape over the two forms that XMPP has for it. */
import { z } from 'zod'
import { type Element, element, elements, isElement, type Node, text } from '../../xml/element.ts'

/** characters of a value, and values of a list */
const VALUE_MAX = 4096
const VALUES_MAX = 50

const value = z.string().min(1).max(VALUE_MAX).optional()
const values = z.array(z.string().min(1).max(VALUE_MAX)).max(VALUES_MAX).optional()

const profileShape = {
  displayName: value,
  nick: value,
  given: value,
  family: value,
  org: value,
  title: value,
  birthday: value.meta({ example: '1990-04-12' }),
  note: value,
  emails: values,
  phones: values,
  urls: values,
}

export const profileSchema = z.strictObject(profileShape).meta({ id: 'Profile', description: 'What somebody tells of themselves' })

export type Profile = z.infer<typeof profileSchema>

type Single = 'displayName' | 'nick' | 'org' | 'title' | 'birthday' | 'note'
type List = 'emails' | 'phones' | 'urls'

/** How a form writes one value: in elements of these names, of which the first is the one that is made. */
export interface Place {
  names: readonly string[]
  read(of: Element): string | undefined
  /** the element with another value, and all else that it had */
  write(of: Element, value: string): Element
}

export interface Format {
  empty: Element
  singles: Readonly<Record<Single, Place>>
  lists: Readonly<Record<List, Place>>
  name: { element: string; given: string; family: string }
}

export function readCard(card: Element, { singles, lists, name }: Format): Profile {
  const profile: Record<string, string | string[]> = {}
  const at = ({ names, read }: Place) => named(card, names).flatMap((one) => read(one)?.trim() || [])
  for (const [member, place] of Object.entries(singles)) {
    const [first] = at(place)
    if (first !== undefined) profile[member] = first
  }
  const [whole] = named(card, [name.element])
  for (const member of ['given', 'family'] as const) {
    const part = whole && innerText(whole, name[member])?.trim()
    if (part) profile[member] = part
  }
  for (const [member, place] of Object.entries(lists)) profile[member] = [...new Set(at(place))]
  return profile
}

/** The card with these values; what it has beside them stays as it is. */
export function changeCard(card: Element, profile: Profile, { singles, lists, name }: Format): Element {
  let children: readonly Node[] = card.children
  const is = (names: readonly string[]) => (node: Node) => isElement(node) && node.xmlns === card.xmlns && names.includes(node.name)
  const made = ({ names, write }: Place, one: string) => write(element(names[0]!, card.xmlns), one)

  for (const [member, place] of Object.entries(singles)) {
    const wanted = profile[member as Single]
    const first = children.find(is(place.names)) as Element | undefined
    if (wanted === undefined) children = children.filter((node) => !is(place.names)(node))
    else if (!first) children = [...children, made(place, wanted)]
    else if (place.read(first)?.trim() !== wanted) children = children.map((node) => (node === first ? place.write(first, wanted) : node))
  }
  for (const [member, place] of Object.entries(lists)) {
    const wanted = new Set(profile[member as List])
    const kept = children.filter((node) => !is(place.names)(node) || wanted.has(place.read(node as Element)?.trim() ?? ''))
    const there = new Set(kept.filter(is(place.names)).map((node) => place.read(node as Element)?.trim()))
    children = [...kept, ...[...wanted].filter((one) => !there.has(one)).map((one) => made(place, one))]
  }
  const whole = (children.find(is([name.element])) as Element | undefined) ?? element(name.element, card.xmlns)
  const parts = withInner(withInner(whole, name.given, profile.given), name.family, profile.family)
  const rest = children.filter((node) => !is([name.element])(node))
  return { ...card, children: elements(parts).length === 0 ? rest : [...rest, parts] }
}

/** A value that is the text of the element, or of its child of that name. */
export function place(names: readonly string[], inner?: string): Place {
  return {
    names,
    read: (of) => (inner === undefined ? text(of) : innerText(of, inner)),
    write: (of, one) => (inner === undefined ? { ...of, children: [one] } : withInner(of, inner, one)),
  }
}

const named = (card: Element, names: readonly string[]) =>
  elements(card).filter((one) => one.xmlns === card.xmlns && names.includes(one.name))

export function innerText(of: Element, name: string): string | undefined {
  const found = elements(of).find((one) => one.name === name && one.xmlns === of.xmlns)
  return found && text(found)
}

/** With the first child of that name saying this, or without any. */
export function withInner(of: Element, name: string, value: string | undefined): Element {
  const isIt = (node: Node) => isElement(node) && node.name === name && node.xmlns === of.xmlns
  const first = of.children.find(isIt)
  const child = value === undefined ? undefined : element(name, of.xmlns, {}, [value])
  if (!child) return { ...of, children: of.children.filter((node) => !isIt(node)) }
  return { ...of, children: first === undefined ? [...of.children, child] : of.children.map((node) => (node === first ? child : node)) }
}
