import { one } from './fields.ts'
import type { ChildField, Field, Payload, Place } from './model.ts'

/** One payload of the vocabulary: its XML, its JSON and its schema, read in all directions from one table. */
export interface Definition {
  /** member of the stanza's JSON; on iq the key of `payload` */
  readonly name: string
  readonly on: readonly Place[]
  /** how it stands in message and presence */
  readonly field: Field<never>
  /** how it stands in iq and item */
  readonly payload?: Payload<never>
}

/** A member of message or presence JSON. */
export function member<T>(name: string, on: readonly ('message' | 'presence')[], field: Field<T>): Definition {
  return { name, on, field: field as Field<never> }
}

/** A payload: a member of message and presence JSON, a key of an iq's payload, the content of an item. */
export function define<T>(name: string, on: readonly Place[], payload: Payload<T>): Definition {
  return { name, on, field: one(payload) as unknown as ChildField<never>, payload: payload as unknown as Payload<never> }
}
