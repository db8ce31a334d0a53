import { Problem } from '../errors/problem.ts'
import type { EventDraft, StoredEvent } from '../gateway/ports/event.ts'
import { derivedId } from './cursor.ts'
import type { Filter } from './filter.ts'
import { createFrame, type Frame, sizeOf } from './frame.ts'
import type { Tail } from './tail.ts'

/** Presences held back by `coalesce`, and their bytes, at most; more are let go early. */
const HELD_MAX = 1_000
const HELD_BYTES = 256 * 1024
/** ms between tries while the store is away */
const RETRY = 1_000
/** ms that a log may be gone until its reader is sent away: what the store lost, its owner writes anew */
const GONE_WITHIN = 20_000

export interface ReaderOptions {
  session: string
  tail: Tail
  /** undefined: the oldest kept */
  after: string | undefined
  filter: Filter | undefined
  /** asked once, when the reader has caught up */
  snapshot?: { name: string; take: () => Promise<EventDraft[]> } | undefined
  /** ms */
  coalesce?: number | undefined
  now: () => number
  /** room to read in, see Delivery */
  place?: () => Promise<() => void> | undefined
  /** whoever aborts it wakes the tail */
  signal: AbortSignal
}

/**
 * Reads the log of a session with a moving cursor: what was and what comes are the same read, so nothing falls between them.
 * Yields what is there in order, waits for more, and ends with the session or on abort.
 */
export async function* readEvents({
  session,
  tail,
  after,
  filter,
  snapshot,
  coalesce = 0,
  now,
  place,
  signal,
}: ReaderOptions): AsyncGenerator<Frame[]> {
  let cursor = after
  let pending = snapshot
  let goneAt: number | undefined
  const held = createHold(coalesce)
  const derive = (at: string, type: string, data: unknown, subject?: string) =>
    createFrame({ id: derivedId(at), type, time: now(), data, ...(subject !== undefined && { subject }) }, session)

  while (!signal.aborted) {
    const leave = await place?.()
    /** what to wait for then: the version of the tail that was read, and ms */
    let rest: [version: number, ms: number | undefined] | undefined
    try {
      if (signal.aborted) return
      const page = await tail.read(cursor).catch(problemOf)
      if (page instanceof Problem) {
        if (page.code !== 'store-unavailable') goneAt ??= performance.now()
        if (goneAt !== undefined && performance.now() - goneAt > GONE_WITHIN) return
        rest = [tail.version, RETRY]
      } else {
        goneAt = undefined
        cursor = page.next
        const out: Frame[] = page.gap ? [derive(page.gap.to, 'events.gap', page.gap)] : []
        for (const frame of page.frames) if (filter === undefined || isLast(frame) || filter(frame.event)) held.pass(frame, out)
        if (pending && page.end) {
          held.flush(out)
          const drafts = (await pending.take()).filter((draft) => filter === undefined || filter(draft))
          for (const { type, data, subject } of drafts) out.push(derive(cursor, type, data, subject))
          out.push(derive(cursor, 'events.snapshot-end', { snapshot: pending.name, events: drafts.length }))
          pending = undefined
        }
        const ends = page.frames.some(isLast)
        if (ends || held.isDue()) held.flush(out)
        if (out.length > 0) yield out
        if (ends) return
        if (page.end) rest = [page.version, held.dueIn()]
      }
    } finally {
      leave?.()
    }
    if (rest !== undefined && !signal.aborted) await tail.changed(...rest)
  }
}

const isLast = ({ event }: Frame) => event.type === 'session.ended'

/** The store is away, or has no such log (any more). */
function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem && (thrown.code === 'store-unavailable' || thrown.code === 'session-not-found')) return thrown
  throw thrown
}

/** Holds presence back for some ms and keeps the last of each resource; everything else lets go what is held, so that order stays. */
function createHold(ms: number) {
  const held = new Map<string, Frame>()
  let bytes = 0
  let due = 0

  function flush(out: Frame[]): void {
    out.push(...held.values())
    held.clear()
    bytes = 0
  }

  return {
    flush,
    pass(frame: Frame, out: Frame[]): void {
      const key = ms > 0 ? resourceOf(frame.event) : undefined
      if (key === undefined) {
        flush(out)
        out.push(frame)
        return
      }
      if (held.size === 0) due = performance.now() + ms
      // again at the end: what is let go must be in the order of the log
      const before = held.get(key)
      held.delete(key)
      held.set(key, frame)
      bytes += sizeOf(frame) - (before === undefined ? 0 : sizeOf(before))
      if (held.size >= HELD_MAX || bytes >= HELD_BYTES) flush(out)
    },
    isDue: () => held.size > 0 && performance.now() >= due,
    dueIn: () => (held.size === 0 ? undefined : Math.max(1, Math.ceil(due - performance.now()))),
  }
}

function resourceOf({ type, data }: StoredEvent): string | undefined {
  if (type !== 'presence.available' && type !== 'presence.unavailable') return undefined
  const { from } = (data ?? {}) as { from?: unknown }
  return typeof from === 'string' ? from : undefined
}
