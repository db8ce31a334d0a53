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
const noKinds: StateKinds = new Map()

interface MirrorOptions {
  kinds?: StateKinds
  /** of the room that all sessions have */
  share?: Share
  /** something of a kind went since it was too much; `spared`: something that goes last */
  onFull?: (bound: KindBound, spared: boolean) => void
}

/** `known` (name of a kind → key → value) is written to: others read what is kept there. */
export const createMirror = (known: Map<string, Map<string, unknown>>, options: MirrorOptions = {}): Mirror =>
  new MirrorOfSession(known, options)

/** A class because each session has one, and there are thousands of sessions. */
class MirrorOfSession implements Mirror {
  readonly #known: Map<string, Map<string, unknown>>
  readonly #options: MirrorOptions
  readonly #share: Share
  readonly #kept: Map<string, BoundedValues>
  #size = 0

  constructor(known: Map<string, Map<string, unknown>>, options: MirrorOptions) {
    this.#known = known
    this.#options = options
    this.#share = options.share ?? endless
    this.#kept = new Map([...known].map(([name, values]) => [name, this.#bounded(name, values)]))
    for (const { size } of this.#kept.values()) this.#size += size
  }

  /** Each kind says what its values are; they were written by this build or by one whose values it can read. */
  get<Value>({ name }: { name: string }, key: string): Value | undefined {
    return this.#known.get(name)?.get(key) as Value | undefined
  }

  all<Value>({ name }: { name: string }): ReadonlyMap<string, Value> {
    return (this.#known.get(name) ?? nothing) as ReadonlyMap<string, Value>
  }

  ofAccount({ name }: { name: string }, account: string): readonly string[] {
    return this.#kept.get(name)?.ofAccount(account) ?? []
  }

  apply({ clear = [], state = [] }: Pick<Change, 'clear' | 'state'>): StateChange[] {
    const gone: StateChange[] = []
    for (const kind of clear) this.#clear(kind)
    for (const change of state) this.#set(change, gone)
    return gone
  }

  load(read: readonly StateChange[]): StateChange[] {
    const gone: StateChange[] = []
    for (const change of read) this.#set(change, gone, 'put')
    return gone
  }

  close(): void {
    this.#share.close()
  }

  #bounded(name: string, values: Map<string, unknown>): BoundedValues {
    return new BoundedValues(values, boundOf(this.#options.kinds ?? noKinds, name), this)
  }

  #ofKind(name: string): BoundedValues {
    const before = this.#kept.get(name)
    if (before) return before
    const values = new Map<string, unknown>()
    const made = this.#bounded(name, values)
    this.#known.set(name, values)
    this.#kept.set(name, made)
    return made
  }

  #clear(name: string): void {
    this.#size -= this.#kept.get(name)?.size ?? 0
    this.#kept.delete(name)
    this.#known.delete(name)
  }

  #set({ kind, key, value }: StateChange, gone: StateChange[], how: 'set' | 'put' = 'set'): void {
    const of = value === null ? this.#kept.get(kind) : this.#ofKind(kind)
    if (of === undefined) return
    const before = of.size
    if (value === null) of.delete(key)
    else of[how](key, value)
    this.#size += of.size - before
    while (of.isOver || !(this.#share.fits(this.#size) || of.bound.firm)) {
      const next = of.next()
      if (next === undefined) return
      const full = of.size
      of.delete(next.key)
      this.#size += of.size - full
      gone.push({ kind, key: next.key, value: null })
      this.#options.onFull?.(of.bound, next.spared)
    }
  }
}
