import type { KindBound, KnownState, StateKinds } from '../contract/state-kind.ts'
import { Ages } from './ages.ts'

/** Of kinds that nobody here has defined. */
const other = { bound: 'other-state', entries: 1_000, size: 256 * 1024 }

export const boundOf = (kinds: StateKinds, name: string): KindBound => kinds.get(name) ?? { name, ...other }

/** Keys by age, and those of them that go first where others are spared; some of these may be spared by now. */
interface ByAge {
  all: Ages
  others: Ages
}

/** a key and a value as they are kept: what came with a stanza would hold on to all that came with it */
const written = (key: string, value: unknown): string => JSON.stringify([key, value])

/**
 * The values of one kind, the oldest first, within its bound. It writes to the map that it is given.
 * A class because each session has some, and there are thousands of sessions.
 */
export class BoundedValues {
  readonly values: Map<string, unknown>
  readonly bound: KindBound
  size = 0
  /** once something had to go */
  #ages: ByAge | undefined
  /** keys by the bare JID in front of them, once that was asked for */
  #accounts: Map<string, Set<string>> | undefined
  readonly #known: Pick<KnownState, 'get'>

  constructor(values: Map<string, unknown>, bound: KindBound, known: Pick<KnownState, 'get'>) {
    this.values = values
    this.bound = bound
    this.#known = known
    for (const [key, value] of values) this.#added(key, value, written(key, value).length)
  }

  set(given: string, value: unknown): void {
    this.delete(given)
    const text = written(given, value)
    const [key, own] = JSON.parse(text) as [string, unknown]
    this.values.set(key, own)
    this.#added(key, own, text.length)
  }

  /** the same of what nothing else has a part of */
  put(key: string, value: unknown): void {
    this.delete(key)
    this.values.set(key, value)
    this.#added(key, value, written(key, value).length)
  }

  delete(key: string): void {
    const value = this.values.get(key)
    if (!this.values.delete(key)) return
    this.size -= written(key, value).length
    this.#ages?.all.delete(key)
    this.#ages?.others.delete(key)
    const account = accountOf(key)
    const ofAccount = this.#accounts?.get(account)
    ofAccount?.delete(key)
    if (ofAccount?.size === 0) this.#accounts?.delete(account)
  }

  get isOver(): boolean {
    return this.values.size > this.bound.entries || this.size > this.bound.size
  }

  /** Which goes next, and is it one that goes last? Undefined where nothing is left. */
  next(): { key: string; spared: boolean } | undefined {
    this.#ages ??= this.#byAge()
    const { all, others } = this.#ages
    for (let key = others.oldest; key !== undefined; key = others.oldest) {
      if (!this.#isSpared(key, this.values.get(key))) return { key, spared: false }
      others.delete(key)
    }
    return all.oldest === undefined ? undefined : { key: all.oldest, spared: this.bound.spares !== undefined }
  }

  ofAccount(account: string): readonly string[] {
    if (this.#accounts === undefined) {
      this.#accounts = new Map()
      for (const key of this.values.keys()) this.#index(this.#accounts, key)
    }
    return [...(this.#accounts.get(account) ?? [])]
  }

  #added(key: string, value: unknown, size: number): void {
    this.size += size
    if (this.#ages !== undefined) this.#age(this.#ages, key, value)
    if (this.#accounts !== undefined) this.#index(this.#accounts, key)
  }

  #byAge(): ByAge {
    const ages = { all: new Ages(), others: new Ages() }
    for (const [key, value] of this.values) this.#age(ages, key, value)
    return ages
  }

  #age({ all, others }: ByAge, key: string, value: unknown): void {
    all.add(key)
    if (this.bound.spares !== undefined && !this.#isSpared(key, value)) others.add(key)
  }

  #isSpared(key: string, value: unknown): boolean {
    return this.bound.spares?.(key, value, (kind, other) => this.#known.get(kind, other)) === true
  }

  #index(accounts: Map<string, Set<string>>, key: string): void {
    const account = accountOf(key)
    const known = accounts.get(account)
    if (known) known.add(key)
    else accounts.set(account, new Set([key]))
  }
}

/** keys are normalised */
function accountOf(key: string): string {
  const slash = key.indexOf('/')
  return slash < 0 ? key : key.slice(0, slash)
}
