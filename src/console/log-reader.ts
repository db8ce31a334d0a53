import type { Event } from '../client/client.ts'
import type { Account } from './account.ts'

export type Link = 'connecting' | 'live' | 'reconnecting' | 'ended'

/** events of a log that are read from its beginning; of a longer one only what comes from now on */
const BACKLOG_MAX = 2_000
const PAGE = 1_000

export interface Reading {
  session: string
  /** as `GET /events` has them */
  types?: string | undefined
  jids?: string | undefined
  /** a cursor; without one a short log is read from its beginning, a long one from now on */
  after?: string | undefined
  signal: AbortSignal
  onEvent(event: Event): void
  onLink(link: Link): void
  /** the log is longer than is read back */
  onLong?(): void
}

/** Reads the events of a session for as long as it lives, over cuts and without loss. Rejects with what another try would meet again. */
export async function readLog(
  { watched, client }: Account,
  { session, signal, onEvent, onLink, onLong, ...given }: Reading,
): Promise<void> {
  const filter = { session, ...(given.types && { types: given.types }), ...(given.jids && { jids: given.jids }) }
  const reader = watched((isOpen) => {
    if (!signal.aborted) onLink(isOpen ? 'live' : 'reconnecting')
  })
  let { after } = given
  if (after === undefined) {
    const backlog = await readBack()
    if (backlog === undefined) onLong?.()
    else {
      for (const event of backlog.events) onEvent(event)
      after = backlog.next
    }
  }
  for await (const event of reader.events({ ...filter, after, signal })) onEvent(event)
  onLink('ended')

  async function readBack(): Promise<{ events: Event[]; next: string } | undefined> {
    const events: Event[] = []
    for (let next = '0'; ; ) {
      const { data, page } = await client.events.list({ ...filter, after: next, limit: PAGE }, { signal })
      events.push(...data)
      if (page.complete || data.length === 0) return { events, next: page.next }
      if (events.length >= BACKLOG_MAX) return undefined
      next = page.next
    }
  }
}
