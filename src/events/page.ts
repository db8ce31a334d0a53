import { Problem } from '../errors.ts'
import type { Store, StoredEvent } from '../gateway/ports.ts'
import { cursorOf } from './cursor.ts'
import { createFilter } from './filter.ts'
import { type EventsQuery, listsOf } from './query.ts'
import { envelope } from './registry.ts'
import type { Tails } from './tail.ts'

/** Events read at a time, and at most for one page: a filter that lets little through ends a page early, never the reader. */
const READ = 500
const SCAN_MAX = 20_000

export interface EventsPage {
  data: ReturnType<typeof envelope>[]
  page: { next: string; complete: boolean }
}

/**
 * One JSON page of events. Waits up to `wait` seconds where there are none yet. Problems `cursor-invalid`, and `cursor-expired`
 * with `oldest` where what comes after the cursor is gone.
 */
export async function readPage(
  { log, tails }: { log: Store['log']; tails: Tails },
  { session, query, signal }: { session: string; query: EventsQuery; signal: AbortSignal },
): Promise<EventsPage> {
  const filter = createFilter(listsOf(query))
  const deadline = performance.now() + query.wait * 1000
  const tail = query.wait > 0 ? tails.open(session) : undefined
  if (tail) signal.addEventListener('abort', tail.wake)
  try {
    let cursor = query.after === undefined ? undefined : cursorOf(query.after)
    const data: StoredEvent[] = []
    for (let scanned = 0; ; ) {
      const version = tail?.version ?? 0
      const page = await log.read(session, cursor, Math.min(READ, query.limit))
      if (page.gap) throw expired(page.gap.to)
      cursor = page.next
      scanned += page.events.length
      for (const [index, event] of page.events.entries()) {
        if (filter?.(event) ?? true) data.push(event)
        if (data.length < query.limit) continue
        const isLast = index === page.events.length - 1
        return pageOf(session, data, isLast ? page.next : event.id, isLast && page.end)
      }
      if (!page.end && scanned < SCAN_MAX) continue
      const left = deadline - performance.now()
      if (data.length > 0 || !tail || left <= 0 || signal.aborted || !page.end) return pageOf(session, data, page.next, page.end)
      await tail.changed(version, left)
    }
  } finally {
    if (tail) signal.removeEventListener('abort', tail.wake)
    tail?.release()
  }
}

const pageOf = (session: string, events: StoredEvent[], next: string, complete: boolean): EventsPage => ({
  data: events.map((event) => envelope(event, session)),
  page: { next, complete },
})

function expired(oldest: string): Problem {
  return new Problem('cursor-expired', 'The events after this cursor are no longer kept; read on from `oldest`.', { members: { oldest } })
}
