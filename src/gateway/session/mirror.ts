import type { KindBound, KnownState, StateKinds } from '../contract/state-kind.ts'
import type { Change, StateChange } from '../ports/change.ts'
import { BoundedValues, boundOf } from './bounded-values.ts'
import type { Share } from './memory-share.ts'

/** What a session knows, mirrored in memory on its owner. */
export interface Mirror extends KnownState {
  /** Takes a change, and lets go of what is over a bound: answers what goes, to be written after it. */
  apply(change: Pick<Change, 'clear' | 'state'>): StateChange[]
  /** Takes what was read from the store, as `apply` does a change: answers what goes, to be written. */
  load(read: readonly StateChange[]): StateChange[]
  /** nothing is kept any more */
  close(): void
}

const nothing: ReadonlyMap<string, unknown> = new Map()
const endless: Share = { fits: () => true, close() {} }

/** `known` (name of a kind → key → value) is written to: others read what is kept there. */
export function createMirror(
  known: Map<string, Map<string, unknown>>,
  {
    kinds = new Map(),
    share = endless,
    onFull = () => {},
  }: {
    kinds?: StateKinds
    /** of the room that all sessions have */
    share?: Share
    /** something of a kind went since it was too much; `spared`: something that goes last */
    onFull?: (bound: KindBound, spared: boolean) => void
  } = {},
): Mirror {
  // each kind says what its values are; they were written by this build or by one whose values it can read
  const get = <Value>({ name }: { name: string }, key: string) => known.get(name)?.get(key) as Value | undefined
  const kept = new Map([...known].map(([name, values]) => [name, new BoundedValues(values, boundOf(kinds, name), get)]))
  let size = [...kept.values()].reduce((sum, { size }) => sum + size, 0)

  function ofKind(name: string): BoundedValues {
    const before = kept.get(name)
    if (before) return before
    const values = new Map<string, unknown>()
    const made = new BoundedValues(values, boundOf(kinds, name), get)
    known.set(name, values)
    kept.set(name, made)
    return made
  }

  function clear(name: string): void {
    size -= kept.get(name)?.size ?? 0
    kept.delete(name)
    known.delete(name)
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
      const full = of.size
      of.delete(next.key)
      size += of.size - full
      gone.push({ kind, key: next.key, value: null })
      onFull(of.bound, next.spared)
    }
  }

  return {
    get,
    all: <Value>({ name }: { name: string }) => (known.get(name) ?? nothing) as ReadonlyMap<string, Value>,
    ofAccount: ({ name }, account) => kept.get(name)?.ofAccount(account) ?? [],
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
