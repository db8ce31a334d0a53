/** How hard the process is pressed: new work that would only wait, or end the process, is refused at the door. */
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { Problem } from '../errors/problem.ts'
import type { Turns } from '../fair/turns.ts'

/** ms that the event loop may be late, as something meets it that comes at any time, and that requests may wait for their turn */
const DELAY_MAX = 500
/** part of the heap for what is old that may be in use after a full collection; from four fifths on the process is near its end */
const HEAP_MAX = 0.75
/** bytes that V8 counts to the heap's limit for what is young where it chose the sizes; of a small heap at most a third */
const YOUNG = 192 * 2 ** 20
/** ms between two measurements of the event loop, each over the time since the one before */
const INTERVAL = 500
/** Measurements in a row that have to be late: one long step is no overload. As many good ones end it as were late, up to four. */
const LATE_MIN = 2
const LATE_MAX = 4
/** ms between looks at the event loop */
const RESOLUTION = 20
/** seconds until a refused caller may try again, at least and at most: not all of them at once */
const RETRY_AFTER = [1, 5] as const

export type Strain = 'loop' | 'heap'

export interface Pressure {
  /** what there is too much of now */
  strains(): Strain[]
  /** the problem too-busy for new work, where there is too much already: of all, or of a tenant */
  refusal(tenant?: string): Problem | undefined
  stop(): void
}

export interface PressureContext {
  turns: Pick<Turns, 'waited'>
  /** bytes of the heap for what is old, where Node was told */
  oldSpace: number | null
  /** told, with some delay, of each change of what there is too much of */
  changed: (strains: Strain[]) => void
}

export function createPressure({ turns, oldSpace, changed }: PressureContext): Pressure {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION })
  let late = 0
  let isHeapFull = false
  let told = ''

  function strains(): Strain[] {
    const isLate = late >= LATE_MIN || turns.waited() > DELAY_MAX
    return [...(isLate ? ['loop' as const] : []), ...(isHeapFull ? ['heap' as const] : [])]
  }

  function measure(): void {
    const { mean, stddev } = loop
    loop.reset()
    // a long delay is met by more than a short one
    const met = (mean + stddev ** 2 / mean) / 1e6 - RESOLUTION
    late = met > DELAY_MAX ? Math.min(late + 1, LATE_MAX) : Math.max(late - 1, 0)
    const found = strains()
    if (found.join() !== told) changed(found)
    told = found.join()
  }

  const isMajor = (entry: object) => (entry as { detail?: { kind?: number } }).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR
  const collections = new PerformanceObserver((list) => {
    if (!list.getEntries().some(isMajor)) return
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    isHeapFull = used > HEAP_MAX * (oldSpace ?? limit - Math.min(YOUNG, limit / 3))
  })

  loop.enable()
  collections.observe({ entryTypes: ['gc'] })
  const timer = setInterval(measure, INTERVAL).unref()

  return {
    strains,
    refusal(tenant) {
      const isFull = tenant === undefined ? strains().length > 0 : turns.waited(tenant) > DELAY_MAX
      if (!isFull) return undefined
      const [least, most] = RETRY_AFTER
      const retryAfter = least + Math.random() * (most - least)
      return new Problem('too-busy', 'This instance has more to do than it can; try again, or elsewhere.', { retryAfter })
    },
    stop() {
      clearInterval(timer)
      collections.disconnect()
      loop.disable()
    },
  }
}
