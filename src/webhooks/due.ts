/** What is due later, with one timer for all of it. */

/** ms of the longest wait that a timer of node can have */
const TIMER_MAX = 2 ** 31 - 1

export interface Due<Key> {
  /** `wake` is called once at that time, by the monotonic clock; an earlier time of the same key is forgotten */
  at(key: Key, time: number, wake: () => void): void
  forget(key: Key): void
  stop(): void
  readonly size: number
}

interface Entry<Key> {
  key: Key
  time: number
  wake: () => void
  index: number
}

export function createDue<Key>(monotonic: () => number): Due<Key> {
  const known = new Map<Key, Entry<Key>>()
  /** a binary heap: none is due before the one at half its index */
  const heap: Entry<Key>[] = []
  let timer: NodeJS.Timeout | undefined
  let timerAt = Number.POSITIVE_INFINITY

  function put(entry: Entry<Key>, index: number): void {
    heap[index] = entry
    entry.index = index
  }
  function up(entry: Entry<Key>): void {
    let { index } = entry
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]!
      if (above.time <= entry.time) break
      put(above, index)
      index = parent
    }
    put(entry, index)
  }
  function down(entry: Entry<Key>): void {
    let { index } = entry
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.time < heap[child]!.time) child += 1
      const below = heap[child]!
      if (below.time >= entry.time) break
      put(below, index)
      index = child
    }
    put(entry, index)
  }
  function remove(entry: Entry<Key>): void {
    known.delete(entry.key)
    const last = heap.pop()!
    if (last === entry) return
    put(last, entry.index)
    up(last)
    down(last)
  }

  function arm(): void {
    const next = heap[0]?.time ?? Number.POSITIVE_INFINITY
    if (next === timerAt) return
    clearTimeout(timer)
    timerAt = next
    timer = next === Number.POSITIVE_INFINITY ? undefined : setTimeout(ring, Math.min(Math.max(next - monotonic(), 0), TIMER_MAX))
  }
  function ring(): void {
    timerAt = Number.POSITIVE_INFINITY
    // a timer may be a little early
    const now = monotonic() + 1
    for (let first = heap[0]; first !== undefined && first.time <= now; first = heap[0]) {
      remove(first)
      first.wake()
    }
    arm()
  }

  return {
    at(key, time, wake) {
      const before = known.get(key)
      if (before) remove(before)
      const entry = { key, time, wake, index: heap.length }
      known.set(key, entry)
      heap.push(entry)
      up(entry)
      arm()
    },
    forget(key) {
      const entry = known.get(key)
      if (!entry) return
      remove(entry)
      arm()
    },
    stop() {
      clearTimeout(timer)
      heap.length = 0
      known.clear()
    },
    get size() {
      return known.size
    },
  }
}
