/** What is accepted, what an owner writes, and the outbox between them. */
import { type Change, Fenced } from '../../gateway/ports/change.ts'
import type { MessageRecord, OutboxEntry } from '../../gateway/ports/message.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { Store } from '../../gateway/ports/store.ts'
import { formatCursor, newLog } from '../cursor.ts'
import { countDropped, countForgotten } from '../dropped.ts'
import { createAccepting } from './accepting.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import type { Liveness } from './idempotency.ts'
import { sessionKey, stateKey } from './keys.ts'
import { type DroppedEvents, eventArguments, type Heads } from './log.ts'
import type { Scripts } from './scripts.ts'

type Done = ['fenced' | 'lost'] | ['done', log?: string, head?: number, cursors?: (string | number)[], dropped?: DroppedEvents]

export function createOutbox({
  connection,
  scripts,
  heads,
  liveness,
  whole,
  packs,
  metrics,
}: {
  connection: Connection
  scripts: Scripts
  heads: Heads
  liveness: Liveness
  /** the change, and all else that its owner knows of the session */
  whole: (session: string, change: Change) => Change
  /** are large events packed? */
  packs: () => boolean
  metrics: Metrics | undefined
}): Pick<Store, 'commit' | 'outbox' | 'records'> {
  const { client, ask } = connection

  async function readEntries(id: string, after: string | undefined, limit: number): Promise<(OutboxEntry & { place: string })[]> {
    const readable: (OutboxEntry & { place: string })[] = []
    let from = after === undefined || after === '0' ? '-' : `(${after}-0`
    for (;;) {
      const wanted = limit - readable.length
      const found = await ask(() => client.xrange(sessionKey('outbox', id), from, '+', 'COUNT', wanted))
      for (const [place, [, text]] of found) {
        const entry = disclose<OutboxEntry>(text)
        if (entry !== undefined) readable.push({ ...entry, place: place.slice(0, -2) })
      }
      const last = found.at(-1)
      // what another version wrote waits for an owner that can read it, and holds up nothing
      if (last === undefined || found.length < wanted || readable.length === limit) return readable
      from = `(${last[0]}`
    }
  }

  function grown(id: string, log: string, head: number, events: number, dropped: DroppedEvents | undefined): void {
    heads.grown(id, log, head)
    metrics?.count('events_appended_total', {}, events)
    if (dropped) noteDropped(dropped)
  }

  function noteDropped([many, large, volatileMany, volatileLarge, forgotten]: DroppedEvents): void {
    countDropped(metrics, 'durable', 'count', many)
    countDropped(metrics, 'durable', 'bytes', large)
    countDropped(metrics, 'volatile', 'count', volatileMany)
    countDropped(metrics, 'volatile', 'bytes', volatileLarge)
    countForgotten(metrics, forgotten)
  }

  return {
    async commit(id, fence, change) {
      const write = (fresh: string, { args, kinds }: ReturnType<typeof changeArguments>) => {
        const hashes = kinds.map((kind) => stateKey(id, kind))
        return scripts.commit<Done>(id, [fence, fresh, ...heads.seen(id), ...args], hashes)
      }
      let done = await write('', changeArguments(change, packs()))
      // where a part of the log is gone, so may be a part of the rest
      if (done[0] === 'lost') done = await write(newLog(id), changeArguments(whole(id, change), packs()))
      if (done[0] !== 'done') throw new Fenced('Somebody else holds the lease by now.')
      const [, log, head, cursors = [], dropped] = done
      if (log === undefined || head === undefined) return []
      grown(id, log, head, cursors.filter((cursor) => typeof cursor === 'number').length, dropped)
      return cursors.map((cursor) => (typeof cursor === 'number' ? formatCursor(log, cursor) : earlierCursor(cursor)))
    },

    outbox: {
      accept: createAccepting({ scripts, turn: connection.turn, heads, liveness, packs, grown, metrics }),
      read: readEntries,
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
        const value = await scripts.getRecord<string | null>(id, [message])
        return disclose<MessageRecord>(value)
      },
    },
  }
}

/** For the script commit: what follows the log, and the kinds whose hashes it is given. */
function changeArguments(
  { events = [], state = [], clear = [], records = [], iqs = [], settled = [], streams = {}, status }: Change,
  packs: boolean,
) {
  const indexes = Object.entries(streams)
  const kinds = [...new Set([...clear, ...state.map(({ kind }) => kind)])]
  const args = [
    ...[kinds.length, ...kinds],
    ...[events.length, ...eventArguments(events, packs)],
    ...[clear.length, ...clear],
    ...[state.length, ...state.flatMap(({ kind, key, value }) => [kind, key, value === null ? '' : enclose(value)])],
    ...[records.length, ...records.flatMap(({ place = '', ...record }) => [record.id, place, enclose(record)])],
    ...[iqs.length, ...iqs.flatMap((iq) => [iq.id, enclose(iq)])],
    ...[settled.length, ...settled],
    ...[indexes.length, ...indexes.flatMap(([index, stream]) => [index, stream === null ? '' : enclose(stream)])],
    status === undefined ? '' : enclose(status),
  ]
  return { args, kinds }
}

/** `<log name> <sequence>`, as the scripts keep it of stanzas that were told */
function earlierCursor(text: string): string {
  const [log = '', sequence] = text.split(' ')
  return formatCursor(log, Number(sequence))
}
