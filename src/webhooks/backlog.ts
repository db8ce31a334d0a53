/** What of a log is to be delivered by one webhook, in which order, and what of it is settled. Nothing but arithmetic. */
import type { Trace } from '../gateway/ports/tracing.ts'
import type { DeliveryAttempt } from '../gateway/ports/webhook.ts'
import { SIDE_MAX } from './kinds.ts'

/** requests of one session and webhook that are under way at one time, where the order does not matter */
const WINDOW = 16
/** events that are settled beyond the first that is not, at most */
const AHEAD = 100

export interface Item {
  id: string
  type: string
  /** when it happened, epoch ms */
  time?: number
  /** the cursor after which it is the next of the log */
  before: string
  /** the CloudEvent; absent: it is read when it is due */
  text?: string | undefined
  /** of its text */
  trace?: Trace | undefined
  /** epoch ms */
  firstTryAt?: number
  /** how many failed */
  tries: number
  /** epoch ms; it is not tried before */
  due: number
  attempts?: DeliveryAttempt[]
  /** it is not in the log */
  isOwn?: boolean
  /** it is kept beside the log, which forgets it before it is tried again */
  isKept?: boolean
}

export interface Backlog {
  /** everything up to here is settled or on the side; undefined: the oldest kept */
  readonly place: string | undefined
  /** beyond it, ids of what is settled or on the side too */
  done(): string[]
  /** what failed, in the order of the log */
  readonly side: ReadonlyMap<string, Item>
  /** under way */
  readonly flying: number
  /** what waits: what failed, and what could not be read */
  readonly waits: number
  /** where to read on; undefined: the oldest kept */
  readonly read: string | undefined
  /** What was read, in order, and where to read on. What is known already is left out. */
  add(items: readonly Item[], next: string): void
  /** puts one on the side */
  wait(item: Item): void
  /** What may begin now. `probe`: the first of all, alone. */
  next(now: number, rule: { strict: boolean; probe: boolean; room: boolean }): Item | undefined
  /** when there may be something to begin that is on the side, epoch ms */
  due(rule: { strict: boolean; probe: boolean }): number | undefined
  /** more may be read: nothing that was is left */
  isHungry(): boolean
  begin(item: Item): void
  /** it could not be read: it is as before it began, and not tried before that time */
  postpone(item: Item, due: number): void
  /** it is over; answers whether it was on the side */
  settle(item: Item): boolean
  /** it failed, and waits on the side from now on */
  fail(item: Item, due: number): void
  /** What was read and has not begun is read again later; false where something before it is under way. */
  drop(): boolean
  /** all that waits is due now */
  hurry(): void
}

export function createBacklog({ after, done }: { after: string | undefined; done: readonly string[] }): Backlog {
  const side = new Map<string, Item>()
  const known = new Set(done)
  const flying = new Set<Item>()
  const postponed = new Set<Item>()
  /** begun and never settled, in the order of the log; `over` once they are */
  const open: { item: Item; over: boolean }[] = []
  let queue: Item[] = []
  let read = after

  const place = () => (open.length > 0 ? open[0]!.item.before : queue.length > 0 ? queue[0]!.before : read)

  function close(item: Item): void {
    const entry = open.find((one) => one.item === item)
    if (entry) entry.over = true
    while (open[0]?.over) known.delete(open.shift()!.item.id)
  }

  /** the first that waits: strictly the oldest, else the one that is due first */
  function waiting(oldest: boolean): Item | undefined {
    let found: Item | undefined
    for (const item of [...postponed, ...side.values()]) {
      if (flying.has(item)) continue
      if (oldest) return item
      if (found === undefined || item.due < found.due) found = item
    }
    return found
  }

  return {
    get place() {
      return place()
    },
    done: () => [...new Set([...known, ...open.filter(({ over }) => over).map(({ item }) => item.id)])],
    side,
    get flying() {
      return flying.size
    },
    get waits() {
      return side.size + postponed.size
    },
    get read() {
      return read
    },
    add(items, next) {
      for (const item of items) {
        if (known.has(item.id)) known.delete(item.id)
        else if (!side.has(item.id) && !open.some((one) => one.item.id === item.id)) queue.push(item)
      }
      read = next
    },
    wait: (item) => void side.set(item.id, item),
    next(now, { strict, probe, room }) {
      const alone = strict || probe
      if (flying.size >= (alone ? 1 : WINDOW)) return undefined
      const first = waiting(alone)
      if (first !== undefined && first.due <= now) return first
      if (first !== undefined && alone) return undefined
      const ahead = open.length - flying.size
      if (side.size >= SIDE_MAX || ahead >= AHEAD || !room) return undefined
      return queue[0]
    },
    due({ strict, probe }) {
      const alone = strict || probe
      return alone && flying.size > 0 ? undefined : waiting(alone)?.due
    },
    isHungry: () => queue.length === 0,
    begin(item) {
      flying.add(item)
      postponed.delete(item)
      if (queue[0] !== item) return
      queue.shift()
      open.push({ item, over: false })
    },
    postpone(item, due) {
      flying.delete(item)
      if (!side.has(item.id)) postponed.add(item)
      item.due = due
    },
    settle(item) {
      flying.delete(item)
      const wasAside = side.delete(item.id)
      if (!wasAside) close(item)
      return wasAside
    },
    fail(item, due) {
      flying.delete(item)
      item.tries += 1
      item.due = due
      if (!item.isOwn) item.text = undefined
      const wasAside = side.has(item.id)
      if (wasAside) return
      side.set(item.id, item)
      close(item)
    },
    drop() {
      if (open.length > 0 || queue.length === 0) return false
      read = place()
      queue = []
      return true
    },
    hurry() {
      for (const item of side.values()) item.due = 0
    },
  }
}
