/** webhooks of one tenant */
export const WEBHOOKS_MAX = 100
/** rows that are kept of one webhook: of deliveries that are dead, and of all others */
export const DELIVERIES_MAX = 1_000
/** ms that they are kept */
export const DELIVERIES_AGE = 7 * 86_400_000

/** Where the events of a session, or of all sessions of a tenant, are sent to. Times are epoch milliseconds. */
export interface WebhookRecord {
  id: string
  tenant: string
  url: string
  types: string[]
  /** absent: all sessions of the tenant */
  session?: string
  ordering: 'strict' | 'relaxed'
  /** what is sent with each request: the names as they were given, and all of it sealed, as JSON */
  headers?: { names: string[]; sealed: string; shown: Record<string, string> }
  description?: string
  state: 'enabled' | 'failing' | 'disabled'
  /** of disabled */
  reason?: 'gone' | 'manual' | 'expired'
  /** the state is so since */
  since: number
  /** by the clock of the store: of a session without a place it begins with what was told then */
  createdAt: number
  /** … or then, where its sessions were changed since */
  startsAt?: number
  /** where it begins instead; '0': the oldest kept */
  after?: string
  /** the newest first; each signs until it expires */
  secrets: WebhookSecret[]
  /** raised by each change */
  version: number
}

export interface WebhookSecret {
  id: string
  sealed: string
  createdAt: number
  expiresAt?: number
}

/** How tries went of late. */
export interface WebhookHealth {
  /** how many failed since one did not */
  failures: number
  last?: { at: number; status?: number }
  nextTry?: number
}

export interface DeliveryAttempt {
  at: number
  status?: number
  error?: string
  ms: number
}

/** One event on its way to one webhook. */
export interface DeliveryRow {
  id: string
  event: { id: string; type: string; session: string }
  state: 'pending' | 'delivered' | 'dead'
  /** the last ones */
  attempts: DeliveryAttempt[]
  firstTryAt: number
  nextTry?: number
  replayOf?: string
  /** the cursor after which the event is the next of the log; not told to callers */
  before: string
}

/** The webhooks of tenants. Where each session is with them is state of that session. */
export interface WebhookStore {
  /** Sets `createdAt`, `since` and `version`. undefined: the tenant has WEBHOOKS_MAX already. */
  create(record: Omit<WebhookRecord, 'createdAt' | 'since' | 'version'>): Promise<WebhookRecord | undefined>
  /** all of a tenant, oldest first */
  list(tenant: string): Promise<WebhookRecord[]>
  get(tenant: string, id: string): Promise<WebhookRecord | undefined>
  /** Changes it if it still has that version; answers the new one, undefined when it lost or the webhook is gone. */
  update(record: WebhookRecord): Promise<WebhookRecord | undefined>
  remove(tenant: string, id: string): Promise<boolean>

  /** A try failed. Answers how many have since one did not. */
  failed(tenant: string, id: string): Promise<number>
  /** one did not */
  worked(tenant: string, id: string): Promise<void>
  health(tenant: string, id: string): Promise<WebhookHealth>
  /** Of all who ask one may probe a failing webhook, until it gives that back or `ttl` ms are over. */
  probe(tenant: string, id: string, who: string, ttl: number): Promise<boolean>
  probed(tenant: string, id: string, who: string): Promise<void>

  /** Writes rows, each in place of the one of its id, and when the last try was. Nothing is kept of a webhook that is gone. */
  tell(tenant: string, id: string, rows: readonly DeliveryRow[], last: { at: number; status?: number }): Promise<void>
  /** newest first */
  rows(tenant: string, id: string): Promise<DeliveryRow[]>
  row(tenant: string, id: string, delivery: string): Promise<DeliveryRow | undefined>
}
