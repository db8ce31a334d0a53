import { Ages } from './ages.ts'

/** How much a session remembers of one kind of state, and what goes first when it is more. */
export interface KindBound {
  /** its name, as it is counted and told */
  bound: string
  entries: number
  /** characters of all keys and values, as JSON */
  size: number
  /** the session cannot do without: it does not go for want of room that others have taken */
  firm?: true
  /** these go last */
  spares?: (key: string, value: unknown, get: (kind: string, key: string) => unknown) => boolean
  /** what is not known any more once something has gone, and once something that is spared has, as the session says it in `unread` */
  told?: { others?: string; spared?: string }
}

export type KindBounds = Readonly<Record<string, KindBound>>

/** Of the kinds that the core itself keeps. */
export const coreBounds: KindBounds = {
  account: { bound: 'account-state', entries: 32, size: 2 * 1024 * 1024, firm: true },
  archive: { bound: 'archive-marks', entries: 8, size: 1024 * 1024, firm: true },
  // the server was told that they came: the receiver stops before this
  held: { bound: 'held-messages', entries: 25_000, size: 24 * 1024 * 1024, firm: true },
  suspects: { bound: 'suspects', entries: 100, size: 64 * 1024, firm: true },
  quarantine: { bound: 'quarantined', entries: 64, size: 64 * 1024, firm: true },
  fast: { bound: 'log-in-tokens', entries: 16, size: 256 * 1024, firm: true },
}
/** Of kinds that nobody has set a bound for. */
const fallback: KindBound = { bound: 'other-state', entries: 1_000, size: 256 * 1024 }

export const boundOf = (bounds: KindBounds, kind: string): KindBound => (Object.hasOwn(bounds, kind) ? bounds[kind] : undefined) ?? fallback

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
export class Kind {
  readonly values: Map<string, unknown>
  readonly bound: KindBound
  size = 0
  /** once something had to go */
  #ages: ByAge | undefined
  /** keys by the bare JID in front of them, once that was asked for */
  #accounts: Map<string, Set<string>> | undefined
  readonly #get: (kind: string, key: string) => unknown

  constructor(values: Map<string, unknown>, bound: KindBound, get: (kind: string, key: string) => unknown) {
    this.values = values
    this.bound = bound
    this.#get = get
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
    return this.bound.spares?.(key, value, this.#get) === true
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
