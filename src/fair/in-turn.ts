/** What waits, by tenant: the tenants take turns, and of each the oldest comes first. */
export interface InTurn<Item> {
  readonly size: number
  /** `tenant`: '' is nobody's */
  add(tenant: string, item: Item): void
  remove(tenant: string, item: Item): void
  /** takes the next one out, of those tenants that may have a turn now */
  next(may?: (tenant: string) => boolean): { tenant: string; item: Item } | undefined
}

export function createInTurn<Item>(): InTurn<Item> {
  /** by tenant, whoever is next first */
  const waiting = new Map<string, Set<Item>>()
  let size = 0

  function remove(tenant: string, item: Item): void {
    const own = waiting.get(tenant)
    if (!own?.delete(item)) return
    size -= 1
    if (own.size === 0) waiting.delete(tenant)
  }

  return {
    get size() {
      return size
    },
    add(tenant, item) {
      const own = waiting.get(tenant) ?? new Set()
      waiting.set(tenant, own)
      if (!own.has(item)) size += 1
      own.add(item)
    },
    remove,
    next(may = () => true) {
      for (const [tenant, own] of waiting) {
        if (!may(tenant)) continue
        const [item] = own as Set<Item> & Iterable<Item>
        waiting.delete(tenant)
        waiting.set(tenant, own)
        remove(tenant, item as Item)
        return { tenant, item: item as Item }
      }
      return undefined
    },
  }
}
