/** What payload definitions are made of: the kinds of field, and what a payload is. */
import type { z } from 'zod'
import type { Element, Node } from '../xml/element.ts'
import type { Extension, NameCheck } from './extension.ts'
import type { Path, Scalar } from './scalars.ts'

/** Where a payload may stand; `item` is a pubsub item or an entry of private storage. */
export type Place = 'message' | 'presence' | 'iq' | 'item'

export type Json = Record<string, unknown>

/** What reading and writing need of the whole vocabulary: payloads inside payloads are found here. */
export interface Vocabulary {
  readonly isName: NameCheck
  /** what was received is written: addresses are as they came */
  readonly received: boolean
  known(place: Place): Dictionary
  /** a stanza inside a payload */
  stanza(kind: string): Payload | undefined
  /** each schema is made once */
  schema<T>(codec: Payload<T>): z.ZodType<T>
  /** the same for a member that is not an object of its own */
  lazy<T>(key: string, make: () => z.ZodType<T>): z.ZodType<T>
}

export interface Dictionary {
  /** `{[name]: json}`, undefined for what no definition of the place reads */
  read(element: Element, vocabulary: Vocabulary): Json | undefined
  payload(name: string): Payload | undefined
  entries(): Iterable<[string, Payload]>
}

/** An element of one of the names; `read` answers undefined for what it cannot give back equal. */
export interface Payload<T = unknown> {
  readonly matches: readonly (readonly [name: string, xmlns: string])[]
  read(element: Element, vocabulary: Vocabulary): T | undefined
  write(value: T, vocabulary: Vocabulary, path: Path | undefined, key: string | number): Element
  schema(vocabulary: Vocabulary): z.ZodType<T>
  /** the schema is made anew where it is used, for it stands for another one */
  readonly inline?: boolean
}

// ---------------------------------------------------------------- fields

/** The phantom of a field's type: T of its member, R whether it must be there. */
export interface Typed<T, R extends boolean> {
  readonly required: R
  readonly typed?: T
}

export interface AttributeField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'attribute'
  readonly name: string | undefined
  readonly scalar: Scalar<T>
}

/** the text of the element itself */
export interface ContentField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'content'
  readonly scalar: Scalar<T>
}

/** a child that is nothing but text */
export interface TextField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'text'
  readonly name: string | undefined
  readonly xmlns: string | undefined
  readonly scalar: Scalar<T>
}

/** Any other child. `xmlns` undefined is that of the parent, `name` undefined that of the member, no `matches` any child. */
export interface ChildField<T = unknown, R extends boolean = boolean> extends Typed<T, R> {
  readonly kind: 'child'
  readonly matches: readonly (readonly [name: string | undefined, xmlns: string | undefined])[] | undefined
  /** of the member, or of several where the child's members stand in the parent's JSON */
  schema(vocabulary: Vocabulary): z.ZodType<T>
  /** the member is an array */
  readonly list?: boolean
  /** members that stand beside each other instead of one */
  readonly spread?: readonly string[]
  /** `before` is what earlier children gave; undefined refuses this one */
  read(element: Element, before: T | undefined, vocabulary: Vocabulary): T | undefined
  write(value: T, into: Node[], vocabulary: Vocabulary, path: Path | undefined, key: string, xmlns: string): void
  /** The JSON says less than the element: that is kept in `extensions` too and goes out in its place. */
  lossy?(element: Element, value: T): boolean
}

export type Field<T = unknown, R extends boolean = boolean> = AttributeField<T, R> | ContentField<T, R> | TextField<T, R> | ChildField<T, R>

// biome-ignore lint/suspicious/noExplicitAny: a table of fields of any type
export type Fields = Record<string, Field<any, boolean>>

export interface Leftovers {
  attributes?: Record<string, string>
  extensions?: (Extension | string)[]
  raw?: Record<string, string>
}

type Simplify<T> = { [K in keyof T]: T[K] } & {}
type Value<F> = F extends { readonly typed?: infer T } ? Exclude<T, undefined> : never
type Kept<F, K> = F extends { readonly spread: readonly string[] } ? never : K
type Spread<F> = F extends { readonly spread: readonly string[]; readonly typed?: infer T; readonly required: infer R }
  ? R extends true
    ? Exclude<T, undefined>
    : Partial<Exclude<T, undefined>>
  : never
type Both<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never

export type JsonOf<F extends Fields> = Simplify<
  { [K in keyof F as F[K]['required'] extends true ? Kept<F[K], K> : never]: Value<F[K]> } & {
    [K in keyof F as F[K]['required'] extends true ? never : Kept<F[K], K>]?: Value<F[K]>
  } & ([Spread<F[keyof F]>] extends [never] ? unknown : Both<Spread<F[keyof F]>>) &
    Leftovers
>

export type TypeOf<P> = P extends Payload<infer T> ? T : never
