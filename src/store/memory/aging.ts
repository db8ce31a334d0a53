import type { Room } from './room.ts'

/** due entries dropped by one write: more than one, so that it shrinks */
const DROPPED_PER_WRITE = 8
/** entries looked at by one write that is beyond a bound: some may be needed */
const LOOKED_AT = 64

interface Entry<Value> {
  value: Value
  until: number
  size: number
}

/** What is due but still needed stays for another `again` ms. */
interface Keep<Value> {
  needed: (value: Value) => boolean
  again: number
}

/** How much one map may have, and what all of them may have together; the oldest go. */
export interface AgingBound<Value> {
  entries: number
  bytes: number
  sizeOf(value: Value): number
  room: Room
  /** told of each that had to go */
  forgotten(): void
}

/**
 * A map whose entries end with time: none is answered after its end, and each write drops some that are due.
 * A class for the same reason as Sequence; most of them never hold anything.
 */
export class Aging<Value> {
  #entries: Map<string, Entry<Value>> | undefined
  #bytes = 0
  readonly #bound: AgingBound<Value>
  readonly #keep: Keep<Value> | undefined

  constructor(bound: AgingBound<Value>, keep?: Keep<Value>) {
    this.#bound = bound
    this.#keep = keep
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.#entries?.get(key)
    return entry !== undefined && (entry.until > now || this.#isNeeded(entry.value)) ? entry.value : undefined
  }

  set(key: string, value: Value, until: number, now: number): void {
    this.#entries ??= new Map()
    this.#dropDue(this.#entries, now)
    const entry = this.#entries.get(key)
    const size = this.#bound.sizeOf(value) + key.length
    // a longer life goes to the end, where the later ones are
    if (entry !== undefined && entry.until !== until) this.#entries.delete(key)
    this.#entries.set(key, { value, until, size })
    this.#grow(size - (entry?.size ?? 0))
    this.#makeRoom(this.#entries, now)
  }

  delete(key: string): void {
    const entry = this.#entries?.get(key)
    if (this.#entries?.delete(key)) this.#grow(-entry!.size)
  }

  clear(): void {
    this.#entries = undefined
    this.#grow(-this.#bytes)
  }

  #grow(by: number): void {
    this.#bound.room.moved(this.#bytes, this.#bytes + by)
    this.#bytes += by
  }

  #isNeeded(value: Value): boolean {
    return this.#keep?.needed(value) ?? false
  }

  /** Drops it, or puts it to the end where it is still needed: answers whether it is gone. */
  #drop(entries: Map<string, Entry<Value>>, key: string, entry: Entry<Value>, now: number): boolean {
    entries.delete(key)
    const isNeeded = this.#isNeeded(entry.value)
    if (isNeeded) entries.set(key, { ...entry, until: now + this.#keep!.again })
    else this.#grow(-entry.size)
    return !isNeeded
  }

  #dropDue(entries: Map<string, Entry<Value>>, now: number): void {
    let left = DROPPED_PER_WRITE
    for (const [key, entry] of entries) {
      if (entry.until > now || left-- === 0) return
      this.#drop(entries, key, entry, now)
    }
  }

  #makeRoom(entries: Map<string, Entry<Value>>, now: number): void {
    const { room, forgotten, entries: most, bytes } = this.#bound
    let left = LOOKED_AT
    for (const [key, entry] of entries) {
      const isOver = entries.size > most || this.#bytes > bytes || !room.fits(this.#bytes, this.#bytes)
      if (!isOver || left-- === 0) return
      if (this.#drop(entries, key, entry, now)) forgotten()
    }
  }
}
