/** The webhooks of a gateway in memory. */
import type { Clock } from '../../gateway/ports/clock.ts'
import {
  DELIVERIES_AGE,
  DELIVERIES_MAX,
  type DeliveryRow,
  WEBHOOKS_MAX,
  type WebhookHealth,
  type WebhookRecord,
  type WebhookStore,
} from '../../gateway/ports/webhook.ts'
import { byFirstTry } from '../deliveries.ts'
import { copy } from './log.ts'
import { createTenantRecords } from './tenant-records.ts'

/** rows beyond those that are told, before the oldest go */
const SLACK = 200

interface Beside {
  failures: number
  last: WebhookHealth['last']
  rows: Map<string, DeliveryRow>
  /** when the oldest are looked for */
  most: number
  probe: { who: string; until: number } | undefined
}

export function createWebhooks(clock: Clock): WebhookStore {
  const webhooks = createTenantRecords<WebhookRecord, Beside>({ most: WEBHOOKS_MAX })
  const { find } = webhooks

  /** the oldest beyond the bound, of those that are dead or of the others */
  function makeRoom(rows: Map<string, DeliveryRow>, dead: boolean): void {
    const old = clock.now() - DELIVERIES_AGE
    const all = [...rows.values()].filter(({ state }) => (state === 'dead') === dead)
    for (const [index, { id, firstTryAt }] of all.sort(byFirstTry).entries())
      if (index >= DELIVERIES_MAX || firstTryAt <= old) rows.delete(id)
  }

  return {
    async create(record) {
      const now = clock.now()
      const nothingYet = { failures: 0, last: undefined, rows: new Map<string, DeliveryRow>(), most: DELIVERIES_MAX, probe: undefined }
      return copy(webhooks.create({ ...record, createdAt: now, since: now, version: 1 }, nothingYet)?.record)
    },
    list: async (tenant) => webhooks.list(tenant),
    get: async (tenant, id) => webhooks.get(tenant, id),
    update: async (record) => webhooks.update(record),
    remove: async (tenant, id) => webhooks.remove(tenant, id) !== undefined,

    async failed(tenant, id) {
      const kept = find(tenant, id)
      if (kept === undefined) return 0
      kept.failures += 1
      return kept.failures
    },
    async worked(tenant, id) {
      const kept = find(tenant, id)
      if (kept) kept.failures = 0
    },
    async health(tenant, id) {
      const { failures = 0, last, rows = new Map<string, DeliveryRow>() } = find(tenant, id) ?? {}
      const next = Math.min(...[...rows.values()].map(({ nextTry = Number.POSITIVE_INFINITY }) => nextTry))
      return { failures, ...(last && { last }), ...(Number.isFinite(next) && { nextTry: next }) }
    },
    async probe(tenant, id, who, ttl) {
      const kept = find(tenant, id)
      if (kept === undefined || (kept.probe && kept.probe.who !== who && kept.probe.until > clock.monotonic())) return false
      kept.probe = { who, until: clock.monotonic() + ttl }
      return true
    },
    async probed(tenant, id, who) {
      const kept = find(tenant, id)
      if (kept?.probe?.who === who) kept.probe = undefined
    },

    async tell(tenant, id, rows, last) {
      const kept = find(tenant, id)
      if (kept === undefined) return
      kept.last = copy(last)
      for (const row of rows) kept.rows.set(row.id, copy(row))
      // sorted once in a while
      if (kept.rows.size <= kept.most) return
      for (const dead of [true, false]) makeRoom(kept.rows, dead)
      kept.most = kept.rows.size + SLACK
    },
    async rows(tenant, id) {
      const old = clock.now() - DELIVERIES_AGE
      const rows = [...(find(tenant, id)?.rows.values() ?? [])].filter(({ firstTryAt }) => firstTryAt > old).sort(byFirstTry)
      let [dead, others] = [0, 0]
      return copy(rows.filter(({ state }) => (state === 'dead' ? ++dead : ++others) <= DELIVERIES_MAX))
    },
    row: async (tenant, id, delivery) => copy(find(tenant, id)?.rows.get(delivery)),
  }
}
