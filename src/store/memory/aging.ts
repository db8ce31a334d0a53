/** due entries dropped by one write: more than one, so that it shrinks */
const DROPPED_PER_WRITE = 8

interface Entry<Value> {
  value: Value
  until: number
}

/** What is due but still needed stays for another `again` ms. */
interface Keep<Value> {
  needed: (value: Value) => boolean
  again: number
}

/**
 * A map whose entries end with time: none is answered after its end, and each write drops some that are due.
 * A class for the same reason as Lane; most of them never hold anything.
 */
export class Aging<Value> {
  #entries: Map<string, Entry<Value>> | undefined
  readonly #keep: Keep<Value> | undefined

  constructor(keep?: Keep<Value>) {
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
    // a longer life goes to the end, where the later ones are
    if (entry !== undefined && entry.until !== until) this.#entries.delete(key)
    this.#entries.set(key, { value, until })
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  #isNeeded(value: Value): boolean {
    return this.#keep?.needed(value) ?? false
  }

  #dropDue(entries: Map<string, Entry<Value>>, now: number): void {
    let left = DROPPED_PER_WRITE
    for (const [key, entry] of entries) {
      if (entry.until > now || left-- === 0) return
      entries.delete(key)
      if (this.#isNeeded(entry.value)) entries.set(key, { value: entry.value, until: now + this.#keep!.again })
    }
  }
}
