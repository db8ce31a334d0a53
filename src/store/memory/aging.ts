/** A map whose entries end with time: none is answered after its end, and each write drops some that are due. */
export interface Aging<Value> {
  get(key: string, now: number): Value | undefined
  set(key: string, value: Value, until: number, now: number): void
  delete(key: string): void
}

/** due entries dropped by one write: more than one, so that it shrinks */
const DROPPED_PER_WRITE = 8

/** `keep`: an entry that is due but still needed stays for another `again` ms. */
export function createAging<Value>(keep?: { needed: (value: Value) => boolean; again: number }): Aging<Value> {
  const entries = new Map<string, { value: Value; until: number }>()
  const isNeeded = (value: Value) => keep?.needed(value) ?? false

  function dropDue(now: number): void {
    let left = DROPPED_PER_WRITE
    for (const [key, entry] of entries) {
      if (entry.until > now || left-- === 0) return
      entries.delete(key)
      if (isNeeded(entry.value)) entries.set(key, { value: entry.value, until: now + keep!.again })
    }
  }

  return {
    get(key, now) {
      const entry = entries.get(key)
      return entry !== undefined && (entry.until > now || isNeeded(entry.value)) ? entry.value : undefined
    },
    set(key, value, until, now) {
      dropDue(now)
      const entry = entries.get(key)
      // a longer life goes to the end, where the later ones are
      if (entry !== undefined && entry.until !== until) entries.delete(key)
      entries.set(key, { value, until })
    },
    delete: (key) => void entries.delete(key),
  }
}
