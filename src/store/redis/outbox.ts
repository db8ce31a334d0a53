/** What is accepted, what an owner writes, and the outbox between them. */
import { Problem } from '../../errors.ts'
import { type AcceptResult, Fenced, type MessageRecord, type Metrics, type OutboxEntry, type Store } from '../../gateway/ports.ts'
import { absent } from '../absent.ts'
import { formatCursor, newLog } from '../cursor.ts'
import { retryAfter } from '../drain.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { keptAnswer, type Liveness } from './idempotency.ts'
import { sessionKey, stateKey } from './keys.ts'
import { eventArguments, type Heads } from './log.ts'
import type { Scripts } from './scripts.ts'

type Accepted =
  | ['absent' | 'lost' | 'reused']
  | ['accepted', log?: string, head?: number]
  | ['id-in-use', id: string]
  | ['replayed', answer: string]
  | ['running', instance: string]
  | ['full', excess: number, since: string, settled: string]
type Done = ['fenced' | 'lost'] | ['done', log?: string, head?: number, cursors?: (string | number)[]]

export function createOutbox({
  connection,
  scripts,
  heads,
  liveness,
  now,
  metrics,
}: {
  connection: Connection
  scripts: Scripts
  heads: Heads
  liveness: Liveness
  now: () => number
  metrics: Metrics | undefined
}): Pick<Store, 'commit' | 'outbox' | 'records'> {
  const { client, ask } = connection

  return {
    async commit(id, fence, { events = [], state = [], clear = [], records = [], settled = [], streams = {}, status }) {
      const indexes = Object.entries(streams)
      const kinds = [...new Set([...clear, ...state.map(({ kind }) => kind)])]
      const hashes = kinds.map((kind) => stateKey(id, kind))
      const rest = [
        ...[kinds.length, ...kinds],
        ...[events.length, ...eventArguments(events)],
        ...[clear.length, ...clear],
        ...[state.length, ...state.flatMap(({ kind, key, value }) => [kind, key, value === null ? '' : enclose(value)])],
        ...[records.length, ...records.flatMap((record) => [record.id, enclose(record)])],
        ...[settled.length, ...settled],
        ...[indexes.length, ...indexes.flatMap(([index, stream]) => [index, stream === null ? '' : enclose(stream)])],
        status === undefined ? '' : enclose(status),
      ]
      const write = (fresh: string) => scripts.commit<Done>(id, [fence, Math.floor(now()), fresh, ...heads.seen(id), ...rest], hashes)
      let done = await write('')
      if (done[0] === 'lost') done = await write(newLog(id))
      if (done[0] !== 'done') {
        heads.forget(id)
        throw new Fenced('Somebody else holds the lease by now.')
      }
      const [, log, head, cursors = []] = done
      if (log === undefined || head === undefined) return []
      heads.grown(id, log, head)
      metrics?.count('events_appended_total', {}, cursors.filter((cursor) => typeof cursor === 'number').length)
      return cursors.map((cursor) => (typeof cursor === 'number' ? formatCursor(log, cursor) : earlierCursor(cursor)))
    },

    outbox: {
      async accept(id, { entries, events, idempotency }) {
        const { key = '', fingerprint = '', answer } = idempotency ?? {}
        const rest = [
          ...[key, encodeURIComponent(fingerprint), answer === undefined ? '' : enclose(answer)],
          ...[entries.length, ...entries.flatMap(({ entry, record }) => [entry.id, enclose(entry), enclose(record)])],
          ...[events.length, ...eventArguments(events)],
        ]
        const write = (dead: string, fresh: string) =>
          scripts.accept<Accepted>(id, [Math.floor(now()), dead, fresh, ...heads.seen(id), ...rest])
        let dead = ''
        let result = await write(dead, '')
        if (result[0] === 'running' && (await liveness.isDead(result[1]))) {
          dead = result[1]
          result = await write(dead, '')
        }
        if (result[0] === 'lost') result = await write(dead, newLog(id))
        if (result[0] === 'accepted' && result[1] !== undefined) {
          heads.grown(id, result[1], result[2]!)
          metrics?.count('events_appended_total', {}, events.length)
        }
        return verdict(result, now())
      },
      async read(id, after, limit) {
        const from = after === undefined || after === '0' ? '-' : `(${after}-0`
        const found = await ask(() => client.xrange(sessionKey('outbox', id), from, '+', 'COUNT', limit))
        const entries = found.map(([place, [, text]]) => ({ place: place.slice(0, -2), entry: disclose<OutboxEntry>(text) }))
        return entries.flatMap(({ place, entry }) => (entry === undefined ? [] : [{ ...entry, place }]))
      },
      async size(id) {
        const [length, first] = await Promise.all([
          ask(() => client.xlen(sessionKey('outbox', id))),
          ask(() => client.xrange(sessionKey('outbox', id), '-', '+', 'COUNT', 1)),
        ])
        const oldest = disclose<OutboxEntry>(first[0]?.[1][1])?.acceptedAt
        return { length, ...(oldest !== undefined && { oldest }) }
      },
    },

    records: {
      async get(id, message) {
        const value = await scripts.getRecord<string | null>(id, [message, Math.floor(now())])
        return disclose<MessageRecord>(value)
      },
    },
  }
}

function verdict(result: Accepted, now: number): AcceptResult {
  switch (result[0]) {
    case 'accepted':
    case 'running':
    case 'reused':
      return { kind: result[0] }
    case 'replayed':
      return { kind: 'replayed', answer: keptAnswer(result[1]) }
    case 'id-in-use':
      return { kind: 'id-in-use', id: result[1] }
    case 'full':
      return { kind: 'full', retryAfter: retryAfter(result[1], { since: Number(result[2]), settled: Number(result[3]) }, now) }
    case 'absent':
      throw absent()
    case 'lost':
      throw new Problem('store-unavailable', 'The log of the session is being lost.', { retryAfter: 2 })
  }
}

/** `<log name> <sequence>`, as the scripts keep it beside a dedup key */
function earlierCursor(text: string): string {
  const [log = '', sequence] = text.split(' ')
  return formatCursor(log, Number(sequence))
}
