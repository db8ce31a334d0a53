/**
 * Named consumers of the logs in Redis. What a flush takes away is written anew with its session: of each session that is owned here the
 * places are known, as far as they were told here or when it was taken, and of those made since by the other instances too.
 */
import { sessionNotFound } from '../../errors/refusals.ts'
import type { ConsumerStore } from '../../gateway/ports/consumer.ts'
import { behind, further, placeIn } from '../consumers.ts'
import { formatCursor } from '../cursor.ts'
import type { Connection } from './connection.ts'
import { consumersChannel, sessionKey } from './keys.ts'
import type { PubSub } from './pubsub.ts'
import type { Scripts } from './scripts.ts'

/** sessions whose consumers are known here; beyond, those of the longest untouched are forgotten */
const KNOWN_MAX = 50_000

export interface RedisConsumers {
  consumers: ConsumerStore
  /** reads what there is of a session that is owned here from now on */
  learn(session: string): Promise<void>
  /** before a session is written anew that Redis has lost */
  restore(session: string): Promise<void>
  forget(session: string): void
}

type Used = [log: string, sequence: string, isNew: number] | '' | null

export function createConsumers({
  connection,
  scripts,
  pubsub,
  now,
}: {
  connection: Connection
  scripts: Scripts
  pubsub: PubSub
  now: () => number
}): RedisConsumers {
  const { client, ask } = connection
  /** by session and name, as they are kept */
  const known = new Map<string, Map<string, string>>()

  function note(session: string, name: string, place: string): void {
    const places = known.get(session) ?? new Map<string, string>()
    known.delete(session)
    known.set(session, places.set(name, `${Math.floor(now())} ${place}`))
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!)
  }

  pubsub.listen(consumersChannel, (text) => {
    const [session = '', name = '', ...place] = text.split(' ')
    if (place.length === 2) note(session, name, place.join(' '))
  })

  async function use(session: string, name: string, from: string | undefined, acks: boolean): Promise<string | undefined> {
    const { log, sequence } = from === undefined ? { log: '', sequence: 0 } : placeIn(session, from)
    const used = await scripts.useConsumer<Used>(session, [name, log, sequence, acks ? 1 : 0])
    if (used === null) throw sessionNotFound()
    if (used === '') return undefined
    const place = `${used[0]} ${used[1]}`
    note(session, name, place)
    // who does not hear of it learns it when it is used there
    if (used[2] === 1) await pubsub.publish(consumersChannel, `${session} ${name} ${place}`).catch(() => 0)
    return formatCursor(used[0], Number(used[1]))
  }

  return {
    consumers: {
      further,
      use: (session, name, from) => use(session, name, from, false),
      ack: (session, name, cursor) => use(session, name, cursor, true),
      async list(session) {
        const listed = await scripts.listConsumers<string[] | null>(session, [])
        if (listed === null) throw sessionNotFound()
        const [name = '', head, floor, ...parts] = listed
        const bounds = { log: name, head: Number(head), floor: Number(floor) }
        return consumersOf(parts).map(({ name, usedAt, log, sequence }) => ({
          name,
          cursor: formatCursor(log, sequence),
          usedAt,
          behind: behind({ log, sequence }, bounds),
        }))
      },
    },

    async learn(session) {
      for (const [name, text] of Object.entries(await ask(() => client.hgetall(sessionKey('consumers', session)))))
        note(session, name, text.slice(text.indexOf(' ') + 1))
    },

    async restore(session) {
      const key = sessionKey('consumers', session)
      await Promise.all([...(known.get(session) ?? [])].map(([name, text]) => ask(() => client.hsetnx(key, name, text))))
    },

    forget: (session) => void known.delete(session),
  }
}

/** of name, time, log name and sequence in turn */
function consumersOf(parts: readonly string[]): { name: string; usedAt: number; log: string; sequence: number }[] {
  const all = Array.from({ length: parts.length / 4 }, (_, index) => {
    const [name = '', usedAt, log = '', sequence] = parts.slice(index * 4)
    return { name, usedAt: Number(usedAt), log, sequence: Number(sequence) }
  })
  return all.sort((one, other) => (one.name < other.name ? -1 : 1))
}
