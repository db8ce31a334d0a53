/** What the memory store remembers of stanzas that were told, so that their copies are not. The scripts of Redis have the same. */
import { COPIES_OF_KEY, type Copy, type CopyKey, WAYS_OF_COPY } from '../../gateway/ports/event.ts'
import { Aging, type AgingBound } from './aging.ts'

export interface Told {
  cursor: string
  time: number
  /** the ways by which it came, each with which one it was there */
  ways: string[]
}

export interface Copies {
  /** the cursor of the stanza that this one is a copy of */
  find(copy: Copy, now: number): string | undefined
  remember(copy: Copy, cursor: string, now: number): void
  clear(): void
}

export const createCopies = (age: number, bound: AgingBound<readonly Told[]>): Copies => new MemoryCopies(age, bound)

/** A class for the same reason as Sequence. */
class MemoryCopies implements Copies {
  readonly #told: Aging<Told[]>
  readonly #age: number

  constructor(age: number, bound: AgingBound<readonly Told[]>) {
    this.#told = new Aging<Told[]>(bound)
    this.#age = age
  }

  clear(): void {
    this.#told.clear()
  }

  find(copy: Copy, now: number): string | undefined {
    for (const { key, match } of copy.keys) {
      const found = fitting(this.#told.get(key, now) ?? [], copy, match)
      if (found) return found.cursor
    }
    return undefined
  }

  remember(copy: Copy, cursor: string, now: number): void {
    const way = copy.way + copy.at
    for (const { key, keep } of copy.keys) {
      const list = this.#told.get(key, now) ?? []
      const known = list.find((one) => one.cursor === cursor)
      if (known?.ways.includes(way) || (!known && !keep)) continue
      if (!known) list.push({ cursor, time: copy.time, ways: [way] })
      // whether one that came so often comes once more nobody can say: then it is told
      else if (known.ways.length >= WAYS_OF_COPY) list.splice(list.indexOf(known), 1)
      else known.ways.push(way)
      if (list.length > COPIES_OF_KEY) list.shift()
      this.#told.set(key, list, now + this.#age, now)
    }
  }
}

function fitting(list: readonly Told[], { way, at }: Copy, match: CopyKey['match']): Told | undefined {
  const by = ({ ways }: Told, part: string) => ways.some((one) => one.includes(part))
  const again = list.find((one) => by(one, way + at))
  if (again || match === undefined) return again
  const { unless, by: wanted, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = match
  return list.find((one) => !by(one, unless) && (wanted === undefined || by(one, wanted)) && one.time >= since && one.time <= until)
}
