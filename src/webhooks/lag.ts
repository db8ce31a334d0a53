/** How far webhooks are behind: what of the logs of their sessions they want and have not taken. */
import { cursorOf } from '../events/cursor.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { WebhookRecord } from '../gateway/ports/webhook.ts'
import { type WebhookPlace, type WebhookTry, webhookPlaces, webhookTries } from './kinds.ts'
import { createWanted } from './wanted.ts'

/** events of one session that are looked at, and how many are read at one time */
const SCANNED = 1_000
const PAGE = 200
/** sessions that are looked at at one time */
const AT_ONCE = 20

export interface Lag {
  events: number
  /** epoch ms of the oldest of them */
  oldest: number
}

/** What a session knows of all its webhooks. */
interface Known {
  places: ReadonlyMap<string, WebhookPlace>
  tries: ReadonlyMap<string, WebhookTry>
  /** of its log */
  end: string
}

/** For one request: what is known of a session is asked for once, for however many webhooks. */
export function createLags(log: Store['log']): (record: WebhookRecord, sessions: readonly SessionHandle[]) => Promise<Lag> {
  const known = new Map<string, Promise<Known>>()

  async function ask(session: SessionHandle): Promise<Known> {
    const [places, tries, end] = await Promise.all([session.state(webhookPlaces), session.state(webhookTries), log.end(session.record.id)])
    return { places, tries, end }
  }
  function of(session: SessionHandle): Promise<Known> {
    const asked = known.get(session.record.id) ?? ask(session)
    known.set(session.record.id, asked)
    return asked
  }

  async function behind(record: WebhookRecord, session: SessionHandle): Promise<Lag> {
    const { id } = session.record
    const { places, tries, end } = await of(session)
    const waiting = [...tries].filter(([key]) => key.startsWith(`${record.id} `))
    const lag = { events: waiting.length, oldest: Math.min(...waiting.map(([, { firstTryAt }]) => firstTryAt)) }
    const place = places.get(record.id)
    const start = place ? place.after : (record.after ?? (await log.since(id, record.startsAt ?? record.createdAt)))
    if (start === end) return lag
    const wants = createWanted(record.types)
    const settled = new Set([...(place?.done ?? []), ...waiting.map(([key]) => key.slice(record.id.length + 1))])
    let cursor = start === undefined ? undefined : cursorOf(start)
    for (let scanned = 0; scanned < SCANNED; scanned += PAGE) {
      const { events, next, end: isEnd } = await log.read(id, cursor, PAGE)
      for (const event of events) {
        if (settled.has(event.id) || !wants(event)) continue
        lag.events += 1
        lag.oldest = Math.min(lag.oldest, event.time)
      }
      if (isEnd) break
      cursor = next
    }
    return lag
  }

  return async (record, sessions) => {
    const lag = { events: 0, oldest: Number.POSITIVE_INFINITY }
    for (let from = 0; from < sessions.length; from += AT_ONCE) {
      const some = await Promise.allSettled(sessions.slice(from, from + AT_ONCE).map((session) => behind(record, session)))
      for (const one of some) {
        // a session that ended meanwhile has none
        if (one.status === 'rejected') continue
        lag.events += one.value.events
        lag.oldest = Math.min(lag.oldest, one.value.oldest)
      }
    }
    return lag
  }
}
