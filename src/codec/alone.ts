/** A payload by itself, for rooms that know which one they write: its members are typed by its definition. */
import { isNCName } from '../xml/characters.ts'
import type { Element } from '../xml/element.ts'
import type { Payload, Vocabulary } from './model.ts'

/**
 * The element of a payload that holds no other definition's. Throws illegal-character for text that XML has no characters for. Addresses
 * are as they are: a server may have a contact whose address RFC 7622 does not allow.
 */
export const elementOf = <T>(codec: Payload<T>, value: T): Element => codec.write(value, nothingElse, undefined, '')

const missing = () => {
  throw new Error('This payload holds others: write it by the whole vocabulary.')
}

const nothingElse: Vocabulary = {
  isName: isNCName,
  received: true,
  known: missing,
  stanza: missing,
  schema: missing,
  lazy: missing,
}
