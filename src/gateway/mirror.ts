import type { Change, StateChange } from './ports.ts'

/** What a session knows, mirrored in memory on its owner: kind → key → value. */
export interface Mirror {
  get(kind: string, key: string): unknown
  all(kind: string): ReadonlyMap<string, unknown>
  apply(change: Pick<Change, 'clear' | 'state'>): void
}

const nothing: ReadonlyMap<string, unknown> = new Map()

export function createMirror(kinds: Map<string, Map<string, unknown>>): Mirror {
  function set({ kind, key, value }: StateChange): void {
    if (value === null) {
      kinds.get(kind)?.delete(key)
      return
    }
    const values = kinds.get(kind)
    if (values) values.set(key, value)
    else kinds.set(kind, new Map([[key, value]]))
  }
  return {
    get: (kind, key) => kinds.get(kind)?.get(key),
    all: (kind) => kinds.get(kind) ?? nothing,
    apply({ clear = [], state = [] }) {
      for (const kind of clear) kinds.delete(kind)
      for (const change of state) set(change)
    },
  }
}
