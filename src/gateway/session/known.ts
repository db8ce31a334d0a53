import type { Change, StateChange } from '../ports/change.ts'
import { boundOf, Kind, type KindBound, type KindBounds } from './kinds.ts'
import type { Share } from './memory-share.ts'

/** What a session knows, mirrored in memory on its owner: kind → key → value. */
export interface Mirror {
  get(kind: string, key: string): unknown
  all(kind: string): ReadonlyMap<string, unknown>
  /** keys of a kind that are JIDs of this account, which is given as it is in them */
  ofAccount(kind: string, account: string): readonly string[]
  /** Takes a change, and lets go of what is over a bound: answers what goes, to be written after it. */
  apply(change: Pick<Change, 'clear' | 'state'>): StateChange[]
  /** Takes what was read from the store, as `apply` does a change: answers what goes, to be written. */
  load(read: readonly StateChange[]): StateChange[]
  /** nothing is kept any more */
  close(): void
}

const nothing: ReadonlyMap<string, unknown> = new Map()
const endless: Share = { fits: () => true, close() {} }

/** `kinds` is written to: others read what is kept there. */
export function createMirror(
  kinds: Map<string, Map<string, unknown>>,
  {
    bounds = {},
    share = endless,
    onFull = () => {},
  }: {
    bounds?: KindBounds
    /** of the room that all sessions have */
    share?: Share
    /** something of a kind went since it was too much; `spared`: something that goes last */
    onFull?: (bound: KindBound, spared: boolean) => void
  } = {},
): Mirror {
  const get = (kind: string, key: string) => kinds.get(kind)?.get(key)
  const kept = new Map([...kinds].map(([kind, values]) => [kind, new Kind(values, boundOf(bounds, kind), get)]))
  let size = [...kept.values()].reduce((sum, { size }) => sum + size, 0)

  function ofKind(kind: string): Kind {
    const known = kept.get(kind)
    if (known) return known
    const values = new Map<string, unknown>()
    const made = new Kind(values, boundOf(bounds, kind), get)
    kinds.set(kind, values)
    kept.set(kind, made)
    return made
  }

  function clear(kind: string): void {
    size -= kept.get(kind)?.size ?? 0
    kept.delete(kind)
    kinds.delete(kind)
  }

  function set({ kind, key, value }: StateChange, gone: StateChange[], how: 'set' | 'put' = 'set'): void {
    const of = value === null ? kept.get(kind) : ofKind(kind)
    if (of === undefined) return
    const before = of.size
    if (value === null) of.delete(key)
    else of[how](key, value)
    size += of.size - before
    while (of.isOver || !(share.fits(size) || of.bound.firm)) {
      const next = of.next()
      if (next === undefined) return
      const held = of.size
      of.delete(next.key)
      size += of.size - held
      gone.push({ kind, key: next.key, value: null })
      onFull(of.bound, next.spared)
    }
  }

  return {
    get,
    all: (kind) => kinds.get(kind) ?? nothing,
    ofAccount: (kind, account) => kept.get(kind)?.ofAccount(account) ?? [],
    apply({ clear: emptied = [], state = [] }) {
      const gone: StateChange[] = []
      for (const kind of emptied) clear(kind)
      for (const change of state) set(change, gone)
      return gone
    },
    load(read) {
      const gone: StateChange[] = []
      for (const change of read) set(change, gone, 'put')
      return gone
    },
    close: share.close,
  }
}
