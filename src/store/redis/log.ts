/** The event log in Redis, and what was last seen of it. */
import { sessionNotFound } from '../../errors/refusals.ts'
import type { EventDraft, StoredEvent } from '../../gateway/ports/event.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { formatCursor, parseCursor } from '../cursor.ts'
import { type LogBounds, placeOf, startOf } from '../place.ts'
import { storedEvent } from '../reading.ts'
import { createWakes } from '../wakes.ts'
import type { Connection } from './connection.ts'
import { discloseEvent, encloseEvent } from './envelope.ts'
import { sessionKey, wakeChannel } from './keys.ts'
import type { PubSub } from './pubsub.ts'
import type { Scripts } from './scripts.ts'

/** stream entry: id, then its fields: t, epoch ms, e, the event */
type Entry = [id: string, fields: [string, string, string, string?]]
/** of a lane: what was read, and 1 where there may be more */
type Read = [entries: Entry[], cut: number]

/** What this process knows of heads: Redis that answers less has lost something, and who waits is told of more. */
export interface Heads {
  /** for the scripts that append: name and sequence, '' and 0 where nothing is known */
  seen(session: string): [log: string, head: number]
  /** after an append from here */
  grown(session: string, log: string, head: number): void
}

/** Events that had to go: of the durable lane by number and by bytes, then of the volatile one; and what else was forgotten. */
export type DroppedEvents = [many: number, large: number, volatileMany: number, volatileLarge: number, forgotten: number]

/** Sessions whose head is remembered; beyond, the longest untouched is forgotten. */
const HEADS_MAX = 50_000

export function createLog({ connection, scripts, pubsub }: { connection: Connection; scripts: Scripts; pubsub: PubSub }): {
  log: Store['log']
  heads: Heads
  wakeAll(): void
} {
  const { client, ask } = connection
  const heads = new Map<string, { log: string; head: number }>()
  const watched = new Map<string, () => void>()
  const wakes = createWakes({
    first: (session) =>
      watched.set(
        session,
        pubsub.listen(wakeChannel(session), (text) => told(session, text)),
      ),
    last(session) {
      watched.get(session)?.()
      watched.delete(session)
    },
  })

  /** true where that is news */
  function note(session: string, log: string, head: number): boolean {
    const known = heads.get(session)
    if (known?.log === log && known.head >= head) return false
    heads.delete(session)
    heads.set(session, { log, head })
    if (heads.size > HEADS_MAX) heads.delete(heads.keys().next().value!)
    return true
  }
  function told(session: string, text: string): void {
    const [log = '', head = ''] = text.split(' ')
    // an empty text: the session was removed
    if (text === '' || note(session, log, Number(head))) wakes.wake(session)
  }

  async function bounds(session: string): Promise<LogBounds> {
    const [log, head, floor] = await ask(() => client.hmget(sessionKey('log', session), 'name', 'head', 'floor'))
    if (typeof log !== 'string') throw sessionNotFound()
    return { log, head: Number(head), floor: Number(floor) }
  }

  return {
    heads: {
      seen(session) {
        const known = heads.get(session)
        return known === undefined ? ['', 0] : [known.log, known.head]
      },
      grown(session, log, head) {
        if (note(session, log, head)) wakes.wake(session)
      },
    },
    wakeAll() {
      for (const session of watched.keys()) wakes.wake(session)
    },
    log: {
      async read(session, after, limit) {
        const cursor = after === undefined ? undefined : parseCursor(after)
        const args = [cursor?.log ?? '', cursor?.sequence ?? 0, limit + 1]
        const answer = await scripts.readLog<[string, number, number, ...Read, ...Read] | null>(session, args)
        if (answer === null) throw sessionNotFound()
        const [log, head, floor, durable, durableCut, volatile, volatileCut] = answer
        const { from, gap } = startOf(session, after, { log, head, floor })
        // past the last of a lane that was cut, one of its own may be the next
        const known = Math.min(lastKnown(durable, durableCut), lastKnown(volatile, volatileCut))
        const found = merge(durable, volatile)
        const page = found.filter((entry) => sequenceOf(entry) <= known).slice(0, limit)
        const reached = page.length === 0 ? from : sequenceOf(page.at(-1)!)
        const end = reached === head || (page.length === found.length && known === Number.POSITIVE_INFINITY)
        const last = end ? head : reached
        const events = page.map((entry) => decode(log, entry)).filter((event) => event !== undefined)
        return { events, next: formatCursor(log, Math.max(last, from)), end, ...(gap && { gap }) }
      },
      place: async (session, cursor) => placeOf(session, cursor, await bounds(session)),
      async end(session) {
        const { log, head } = await bounds(session)
        return formatCursor(log, head)
      },
      async since(session, time) {
        let [log, found, from, other] = ['', 0, '+', '+']
        // some at a time: they may be very many
        while (from !== '' || other !== '') {
          const looked = await scripts.logSince<[string, number, string, string] | null>(session, [Math.ceil(time), from, other])
          if (looked === null) throw sessionNotFound()
          ;[log, , from, other] = looked
          found = Math.max(found, looked[1])
        }
        return formatCursor(log, found)
      },
      watch: wakes.watch,
    },
  }
}

/** For the scripts that append: lane, how it came, event, of each. `packs`: large ones are packed. */
export function eventArguments(events: readonly EventDraft[], packs: boolean): string[] {
  return events.flatMap(({ type, subject, trace, data, volatile, copy }) => [
    volatile ? 'v' : 'd',
    copy === undefined ? '' : JSON.stringify(copy),
    encloseEvent({ type, subject, trace, data }, packs),
  ])
}

function decode(log: string, [id, [, time, , text]]: Entry): StoredEvent | undefined {
  const kept = discloseEvent(text)
  return kept && storedEvent({ ...kept, id: formatCursor(log, Number.parseInt(id, 10)), time: Number(time) })
}

const lastKnown = (entries: Entry[], cut: number) => (cut === 1 ? sequenceOf(entries.at(-1)!) : Number.POSITIVE_INFINITY)

function merge(durable: Entry[], volatile: Entry[]): Entry[] {
  if (volatile.length === 0) return durable
  if (durable.length === 0) return volatile
  return [...durable, ...volatile].sort((a, b) => sequenceOf(a) - sequenceOf(b))
}

function sequenceOf([id]: Entry): number {
  return Number.parseInt(id, 10)
}
