import { defineKind } from '../contract/state-kind.ts'
import type { Arrival } from './copies.ts'

/** A message that waits for the end of a catch-up. Of one that a build before left nothing but its connection is known. */
export interface HeldMessage extends Partial<Arrival> {
  connection: number
  xml: string
}

/** Messages that wait for the end of a catch-up, by their order. The server was told that they came: the receiver stops before this. */
export const heldMessages = defineKind<HeldMessage>({
  name: 'held',
  bound: 'held-messages',
  entries: 25_000,
  size: 24 * 1024 * 1024,
  firm: true,
})
