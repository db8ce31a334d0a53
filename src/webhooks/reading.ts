/** How far one reader has read, and whether there may be more. */
import type { Backlog } from './backlog.ts'
import type { Begun } from './delivery.ts'
import type { Source } from './source.ts'

/** events past which a place that moved without a delivery is stored */
const STORED_EACH = 50

export interface Reading {
  /** the log may have grown */
  woken(): void
  /** May more be read? Where one is sent at a time, one that waits holds up all that is behind it. */
  may(backlog: Backlog, alone: boolean): boolean
  on(begun: Begun): Promise<void>
  /** What was read is not kept while nothing of it may begin. */
  putBack(backlog: Backlog): void
  /** the log goes: reads all that is left */
  finish(backlog: Backlog): Promise<void>
  /** nothing more is read, ever */
  isWhole(): boolean
}

/** `isFixed`: what there is does not come from the log. */
export function createReading({ source, isFixed }: { source: Source; isFixed: boolean }): Reading {
  let wakes = 0
  /** the wake after which the log was read to its end */
  let seen = -1
  /** events read since the place was stored */
  let passed = 0
  let isWhole = isFixed
  let isKept = isFixed

  return {
    woken() {
      wakes += 1
    },
    may: (backlog, alone) => backlog.isHungry() && !isWhole && seen !== wakes && !(alone && backlog.waits + backlog.flying > 0),
    async on({ backlog, ledger }) {
      const version = wakes
      const read = await source.read(backlog)
      isWhole = read.isWhole
      if (read.atEnd) seen = version
      passed += read.passed
      if (read.wanted > 0 || passed < STORED_EACH) return
      passed = 0
      ledger.moved()
    },
    putBack(backlog) {
      if (isKept || !backlog.drop()) return
      seen = -1
      isWhole = false
    },
    async finish(backlog) {
      isKept = true
      await source.keepRest(backlog)
      isWhole = true
    },
    isWhole: () => isWhole,
  }
}
