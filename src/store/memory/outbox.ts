import type { OutboxEntry } from '../../gateway/ports/message.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import { countSettled, type Drain, excessOf, retryAfter } from '../drain.ts'
import type { Room } from './room.ts'
import { Sequence } from './sequence.ts'

/** bytes of an entry beside its stanza */
const ENTRY = 256

/** What was accepted for one session and is not settled. A class for the same reason as Sequence. */
export class Outbox {
  readonly #entries = new Sequence<OutboxEntry>()
  readonly #limits: StoreLimits
  /** of all sessions */
  readonly #room: Room
  /** place of the last one */
  #last = 0
  #bytes = 0
  #drain: Drain = { since: 0, settled: 0 }

  constructor({ limits, room }: { limits: StoreLimits; room: Room }) {
    this.#limits = limits
    this.#room = room
  }

  get last(): number {
    return this.#last
  }

  has(place: number): boolean {
    return this.#entries.has(place)
  }

  /** Where there is no room for these: seconds until there may be, and whether it is for their number. */
  refusal(wanted: readonly OutboxEntry[], now: number): { retryAfter: number; many: boolean } | undefined {
    if (wanted.length === 0) return undefined
    const bytes = sizeOfAll(wanted)
    const { length } = this.#entries
    const entriesOver = length + wanted.length - this.#limits.outboxMax
    const isRoom = length === 0 || this.#room.fits(this.#bytes, this.#bytes + bytes)
    const bytesOver = length === 0 ? 0 : Math.max(this.#bytes + bytes - this.#limits.outboxBytes, isRoom ? 0 : bytes)
    const excess = excessOf(entriesOver, bytesOver, this.#bytes / Math.max(length, 1))
    return excess > 0 ? { retryAfter: retryAfter(excess, this.#drain, now), many: entriesOver > 0 } : undefined
  }

  /** answers its place */
  push(entry: OutboxEntry): number {
    this.#last += 1
    this.#entries.push(this.#last, { ...entry })
    this.#grow(sizeOf(entry))
    return this.#last
  }

  settle(places: readonly number[], now: number): void {
    const gone = places.flatMap((place) => this.#entries.remove(place) ?? [])
    if (gone.length > 0) this.#drain = countSettled(this.#drain, gone.length, now)
    this.#grow(-sizeOfAll(gone))
  }

  read(after: string | undefined, limit: number): (OutboxEntry & { place: string })[] {
    return this.#entries.after(Number(after ?? 0), limit).map(({ sequence, value }) => ({ ...value, place: String(sequence) }))
  }

  size(): { length: number; oldest?: number } {
    const first = this.#entries.first()
    return first === undefined ? { length: 0 } : { length: this.#entries.length, oldest: first.value.acceptedAt }
  }

  /** gives back what it had of what all sessions share */
  close(): void {
    this.#grow(-this.#bytes)
  }

  #grow(by: number): void {
    this.#room.moved(this.#bytes, this.#bytes + by)
    this.#bytes += by
  }
}

const sizeOf = ({ xml }: OutboxEntry) => Buffer.byteLength(xml) + ENTRY

const sizeOfAll = (entries: readonly OutboxEntry[]) => entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
