import { setImmediate as nextTurn } from 'node:timers/promises'
import { Problem } from '../errors/problem.ts'
import type { Places } from '../fair/places.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Consumers } from './consumers.ts'
import { cursorOf } from './cursor.ts'
import { createFilter } from './filter.ts'
import { sizeOf } from './frame.ts'
import { type EventsQuery, listsOf } from './query.ts'
import type { LogOf, Tails } from './tail.ts'

/** Bytes of events after which a page ends, whatever its limit; the last event may go beyond. */
const PAGE_BYTES = 4 * 1024 * 1024
/** Events read at a time, and events and bytes read at most for one page: a filter that lets little through ends a page early, never the reader. */
const READ = 500
const SCAN_MAX = 20_000
const SCAN_BYTES = 16 * 1024 * 1024

export interface PageContext {
  tails: Tails
  consumers: Pick<Consumers, 'begin'>
  metrics: Metrics
  /** for pages that are being made: each is as large as it may get, and is held until it is whole */
  pages: Places
  /** why a tenant gets no more of them now, if so */
  refusal: (tenant: string) => Problem | undefined
}

/**
 * One page of events, as JSON. Waits up to `wait` seconds where there are none yet. Problems `cursor-invalid`, and `cursor-expired`
 * with `oldest` where what comes after the cursor is gone.
 */
export async function readPage(
  { tails, consumers, metrics, pages, refusal }: PageContext,
  { log, query, signal }: { log: LogOf; query: EventsQuery; signal: AbortSignal },
): Promise<string> {
  const filter = createFilter(listsOf(query))
  const deadline = performance.now() + query.wait * 1000
  const tail = query.wait > 0 ? tails.open(log) : undefined
  let leave = () => {}
  if (tail) signal.addEventListener('abort', tail.wake)
  try {
    const asked = query.after === undefined ? undefined : cursorOf(query.after)
    const kept = query.consumer === undefined ? undefined : await consumers.begin(log.session, query.consumer, asked)
    let cursor = query.after === undefined ? kept : asked
    const data: string[] = []
    let bytes = 0
    let scanned = 0
    let scannedBytes = 0
    const page = (next: string, complete: boolean) => `{"data":[${data.join()}],"page":${JSON.stringify({ next, complete })}}`

    leave = await pages.take(log.tenant)
    // each in a turn of its own: from memory very many would be made in one
    await nextTurn()
    // many may have been asked for before the first was there
    const refused = refusal(log.tenant)
    if (refused) throw refused
    for (;;) {
      const version = tail?.version ?? 0
      const wanted = filter ? READ : Math.min(READ, query.limit - data.length)
      const read = await (tail ? tail.read(cursor) : tails.read(log, cursor, wanted))
      if (read.gap) throw expired(read.gap.to)
      cursor = read.next
      for (const [index, frame] of read.frames.entries()) {
        const size = sizeOf(frame)
        scanned += 1
        scannedBytes += size
        if (filter?.(frame.event) ?? true) {
          data.push(frame.text)
          bytes += size
        }
        if (data.length < query.limit && bytes < PAGE_BYTES) continue
        const isLast = index === read.frames.length - 1
        const complete = isLast && read.end
        if (data.length < query.limit && !complete) metrics.count('bounds_reached_total', { bound: 'page-bytes' })
        return page(isLast ? read.next : frame.event.id, complete)
      }
      if (!read.end && scanned < SCAN_MAX && scannedBytes < SCAN_BYTES) continue
      if (!read.end) metrics.count('bounds_reached_total', { bound: 'page-scan' })
      const left = deadline - performance.now()
      if (data.length > 0 || !tail || left <= 0 || signal.aborted || !read.end) return page(read.next, read.end)
      leave()
      await tail.changed(version, left)
      leave = await pages.take(log.tenant)
    }
  } finally {
    leave()
    if (tail) signal.removeEventListener('abort', tail.wake)
    tail?.release()
  }
}

function expired(oldest: string): Problem {
  return new Problem('cursor-expired', 'The events after this cursor are no longer kept; read on from `oldest`.', { members: { oldest } })
}
