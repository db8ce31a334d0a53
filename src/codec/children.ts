/** What child fields are made of: one value or a list, and text that is read as it is written. */
import type { z } from 'zod'
import type { Element } from '../xml/element.ts'
import { list } from './list.ts'
import type { ChildField, Vocabulary } from './model.ts'
import { checkText, type Path, type Scalar } from './scalars.ts'

/** A child field of one value: a second element of that name is left over. */
export function single<T>(
  matches: ChildField['matches'],
  schema: (vocabulary: Vocabulary) => z.ZodType<T>,
  read: (element: Element, vocabulary: Vocabulary) => T | undefined,
  write: (value: T, vocabulary: Vocabulary, path: Path | undefined, key: string, xmlns: string) => Element | undefined,
): ChildField<T, false> {
  return {
    kind: 'child',
    required: false,
    matches,
    schema,
    read: (element, before, vocabulary) => (before === undefined ? read(element, vocabulary) : undefined),
    write(value, into, vocabulary, path, key, xmlns) {
      const element = write(value, vocabulary, path, key, xmlns)
      if (element !== undefined) into.push(element)
    },
  }
}

/** A child field of a list: every element adds one value. */
export function several<T>(
  matches: ChildField['matches'],
  schema: (vocabulary: Vocabulary) => z.ZodType<T>,
  read: (element: Element, vocabulary: Vocabulary) => T | undefined,
  write: (value: T, vocabulary: Vocabulary, path: Path, key: number, xmlns: string, member: string) => Element,
): ChildField<T[], false> {
  return {
    kind: 'child',
    required: false,
    matches,
    list: true,
    schema: (vocabulary) => list(schema(vocabulary)),
    read(element, before, vocabulary) {
      const value = read(element, vocabulary)
      if (value === undefined) return undefined
      if (before === undefined) return [value]
      before.push(value)
      return before
    },
    write(values, into, vocabulary, path, key, xmlns) {
      const here = { outer: path, key }
      for (let index = 0; index < values.length; index += 1) into.push(write(values[index] as T, vocabulary, here, index, xmlns, key))
    },
  }
}

/** The value, if it is written as it was read. */
export function exact<T>(scalar: Scalar<T>, received: string | undefined): T | undefined {
  const value = received === undefined ? undefined : scalar.parse(received)
  return value !== undefined && (!scalar.loose || scalar.print(value) === received) ? value : undefined
}

/** The text of a value that goes out, checked. */
export function printed<T>(scalar: Scalar<T>, value: T, { received }: Vocabulary, path: Path | undefined, key: string | number): string {
  if (!received) scalar.check?.(value, path, key as string)
  const text = scalar.print(value)
  checkText(text, path, key)
  return text
}
