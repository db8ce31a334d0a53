/**
 * The webhooks of tenants in Redis. What a flush takes away is written anew: definitions that were listed here, and that nobody removed.
 * How tries went is not.
 */
import {
  DELIVERIES_AGE,
  type DeliveryRow,
  WEBHOOKS_MAX,
  type WebhookHealth,
  type WebhookRecord,
  type WebhookStore,
} from '../../gateway/ports/webhook.ts'
import { byFirstTry } from '../deliveries.ts'
import type { Connection } from './connection.ts'
import { disclose, enclose } from './envelope.ts'
import { removedWebhooksKey, type WebhookNoun, webhookKey, webhooksKey } from './keys.ts'
import type { Scripts } from './scripts.ts'
import { byAge, datedRecord } from './tenant-records.ts'

/** rows that one script writes */
const TOLD = 200

const ROW_KEYS: readonly WebhookNoun[] = ['health', 'rows', 'dead', 'others', 'again']

export function createWebhooks({
  connection,
  scripts,
  now,
}: {
  connection: Connection
  scripts: Scripts
  now: () => number
}): WebhookStore {
  const { client, ask } = connection
  /** as they were listed here last, by tenant and id */
  const known = new Map<string, Map<string, string>>()

  /** They were there, and nobody removed them: Redis has lost them. */
  async function restore(tenant: string, missing: readonly string[]): Promise<string[]> {
    const texts = known.get(tenant)!
    const key = webhooksKey(tenant)
    const removed = new Set(await ask(() => client.zrange(removedWebhooksKey(tenant), '0', '-1')))
    const lost = missing.filter((id) => !removed.has(id))
    await Promise.all(lost.map((id) => ask(() => client.hsetnx(key, id, texts.get(id)!))))
    return lost
  }

  async function list(tenant: string): Promise<WebhookRecord[]> {
    const kept = new Map(Object.entries(await ask(() => client.hgetall(webhooksKey(tenant)))))
    const missing = [...(known.get(tenant)?.keys() ?? [])].filter((id) => !kept.has(id))
    if (missing.length > 0) for (const id of await restore(tenant, missing)) kept.set(id, known.get(tenant)!.get(id)!)
    if (kept.size > 0) known.set(tenant, kept)
    else known.delete(tenant)
    const records = [...kept.values()].map(recordOf).filter((record) => record !== undefined)
    return records.sort(byAge)
  }

  const rowOf = (text: string | null) => disclose<DeliveryRow>(text)

  return {
    list,
    async create(record) {
      const made = await scripts.createRecord<string | null>([webhooksKey(record.tenant)], [record.id, WEBHOOKS_MAX, enclose(record)])
      if (made === null) return undefined
      return { ...record, createdAt: Number(made), since: Number(made), version: 1 }
    },
    get: async (tenant, id) => recordOf(await ask(() => client.hget(webhooksKey(tenant), id))),
    async update({ createdAt, version, ...record }) {
      const won = await scripts.updateRecord<number>([webhooksKey(record.tenant)], [record.id, version, enclose(record)])
      return won === 1 ? { ...record, createdAt, version: version + 1 } : undefined
    },
    async remove(tenant, id) {
      known.get(tenant)?.delete(id)
      const keys = [
        webhooksKey(tenant),
        removedWebhooksKey(tenant),
        ...[...ROW_KEYS, 'probe' as const].map((noun) => webhookKey(noun, tenant, id)),
      ]
      return (await scripts.removeWebhook<number>(keys, [id])) === 1
    },

    failed: (tenant, id) => scripts.failWebhook<number>([webhooksKey(tenant), webhookKey('health', tenant, id)], [id]),
    async worked(tenant, id) {
      await ask(() => client.hdel(webhookKey('health', tenant, id), 'failures'))
    },
    async health(tenant, id) {
      const [[failures, last], [, nextTry]] = await Promise.all([
        ask(() => client.hmget(webhookKey('health', tenant, id), 'failures', 'last')),
        ask(() => client.zrange(webhookKey('again', tenant, id), '0', '0', 'WITHSCORES')),
      ])
      const told = disclose<NonNullable<WebhookHealth['last']>>(last)
      return { failures: Number(failures ?? 0), ...(told && { last: told }), ...(nextTry !== undefined && { nextTry: Number(nextTry) }) }
    },
    async probe(tenant, id, who, ttl) {
      const key = webhookKey('probe', tenant, id)
      return (await ask(() => client.set(key, who, 'PX', Math.ceil(ttl), 'NX'))) === 'OK' || (await ask(() => client.get(key))) === who
    },
    async probed(tenant, id, who) {
      await scripts.probed([webhookKey('probe', tenant, id)], [who])
    },

    async tell(tenant, id, rows, last) {
      const keys = [webhooksKey(tenant), ...ROW_KEYS.map((noun) => webhookKey(noun, tenant, id))]
      // most arrive by their first try
      const fresh = rows.filter(isFresh)
      const all = [...fresh, ...rows.filter((row) => !isFresh(row))]
      for (let from = 0; from < all.length; from += TOLD) {
        const told = all.slice(from, from + TOLD).flatMap(rowArguments)
        await scripts.tellWebhook(keys, [id, enclose(last), Math.max(fresh.length - from, 0), ...told])
      }
    },
    async rows(tenant, id) {
      const old = now() - DELIVERIES_AGE
      const texts = await ask(() => client.hvals(webhookKey('rows', tenant, id)))
      const rows = texts.map(rowOf).filter((row) => row !== undefined && row.firstTryAt > old)
      return (rows as DeliveryRow[]).sort(byFirstTry)
    },
    row: async (tenant, id, delivery) => rowOf(await ask(() => client.hget(webhookKey('rows', tenant, id), delivery))),
  }
}

const isFresh = ({ state, attempts, firstTryAt }: DeliveryRow) =>
  state === 'delivered' && attempts.length === 1 && attempts[0]!.at === firstTryAt

function rowArguments(row: DeliveryRow): (string | number)[] {
  return [row.id, row.state === 'dead' ? 'd' : '', row.firstTryAt, row.nextTry ?? '', enclose(row)]
}

function recordOf(text: string | null | undefined): WebhookRecord | undefined {
  const record = datedRecord<WebhookRecord>(text)
  return record && { ...record, since: record.since ?? record.createdAt }
}
