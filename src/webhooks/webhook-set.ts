/** The webhooks of the tenants that have a session here: read once, and again where another instance says that they changed. */
import { z } from 'zod'
import type { Log } from '../gateway/ports/log.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { Store } from '../gateway/ports/store.ts'
import { createHook, type Hook, openHook, resealed } from './hook.ts'

/** ms between looks at what has changed, for what was said and not heard */
const SWEEP = 30_000
const CHANNEL = 'webhooks'

/** What instances tell one another; anything else is left out. */
const hint = z.object({
  tenant: z.string(),
  /** this one goes on at once, whatever failed */
  resume: z.string().optional(),
  /** of this one a try failed, the first since one did not */
  sick: z.string().optional(),
})
export type Hint = z.infer<typeof hint>

export interface WebhookSet {
  /** Somebody of the tenant wants to know: `changed` is called with all of its webhooks, now and when they are others; answers a stop. */
  follow(tenant: string, changed: (hooks: ReadonlyMap<string, Hook>) => void): () => void
  /** tells all instances, this one too */
  tell(hint: Hint): void
  /** one of this process, where it is known */
  get(tenant: string, id: string): Hook | undefined
  stop(): void
}

interface Tenant {
  hooks: Map<string, Hook>
  followers: Set<(hooks: ReadonlyMap<string, Hook>) => void>
  isRead: boolean
  loading: Promise<void> | undefined
  again: boolean
}

export function createWebhookSet({
  store,
  seal,
  log,
}: {
  store: Pick<Store, 'webhooks' | 'bus' | 'durable'>
  seal: Seal
  log: Log
}): WebhookSet {
  const tenants = new Map<string, Tenant>()
  const unsubscribe = store.bus.subscribe(CHANNEL, (heard) => {
    const { success, data } = hint.safeParse(heard)
    if (success) hear(data)
  })
  // in memory nothing is said that is not heard
  const sweep = store.durable ? setInterval(() => void [...tenants.keys()].map(load), SWEEP).unref() : undefined

  function hear({ tenant, resume, sick }: Hint): void {
    const known = tenants.get(tenant)
    if (known === undefined) return
    const ill = sick === undefined ? undefined : known.hooks.get(sick)
    if (ill) ill.isSick = true
    if (sick !== undefined) return
    void load(tenant).then(() => {
      const hook = resume === undefined ? undefined : known.hooks.get(resume)
      for (const reader of hook?.readers ?? []) reader.resume()
    })
  }

  function load(tenant: string): Promise<void> {
    const known = tenants.get(tenant)
    if (known === undefined) return Promise.resolve()
    known.again = known.loading !== undefined
    known.loading ??= read(tenant, known).finally(() => {
      known.loading = undefined
    })
    return known.loading
  }

  async function read(tenant: string, known: Tenant): Promise<void> {
    do {
      known.again = false
      try {
        await take(tenant, known)
      } catch (error) {
        // the next sweep finds it
        log.warn({ event: 'webhook.error', tenant, err: error }, 'The webhooks of a tenant could not be read')
      }
    } while (known.again)
  }

  async function take(tenant: string, known: Tenant): Promise<void> {
    const records = await store.webhooks.list(tenant)
    const ids = new Set(records.map(({ id }) => id))
    let isOther = !known.isRead
    for (const id of [...known.hooks.keys()]) if (!ids.has(id)) isOther = known.hooks.delete(id)
    for (const listed of records) {
      // after a rotation of keys whoever reads it first seals it anew
      const anew = resealed(listed, seal)
      const record = (anew && (await store.webhooks.update(anew))) ?? listed
      const hook = known.hooks.get(record.id)
      if (hook !== undefined && hook.record.version >= record.version && hook.keys(Date.now()).length > 0) continue
      isOther = true
      if (hook === undefined) known.hooks.set(record.id, createHook(record, { seal, log }))
      else openHook(hook, record, { seal, log })
    }
    // a sweep that finds nothing new wakes nobody
    if (!isOther) return
    known.isRead = true
    for (const changed of [...known.followers]) changed(known.hooks)
  }

  return {
    follow(tenant, changed) {
      const known = tenants.get(tenant) ?? {
        hooks: new Map(),
        followers: new Set(),
        isRead: false,
        loading: undefined,
        again: false,
      }
      const isNew = !tenants.has(tenant)
      tenants.set(tenant, known)
      known.followers.add(changed)
      if (isNew) void load(tenant)
      else if (known.isRead) changed(known.hooks)
      return () => {
        known.followers.delete(changed)
        if (known.followers.size === 0 && tenants.get(tenant) === known) tenants.delete(tenant)
      }
    },
    tell: (said) => void store.bus.publish(CHANNEL, said).catch(() => {}), // the sweep finds it
    get: (tenant, id) => tenants.get(tenant)?.hooks.get(id),
    stop() {
      unsubscribe()
      clearInterval(sweep)
      tenants.clear()
    },
  }
}
