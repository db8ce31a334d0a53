/**
 * Every key and channel in Redis.
 *
 * All keys of a session share the hash tag `{ses_…}` and all of a tenant `{ten_…}`, so that on a Cluster each group is in one slot;
 * no script sees both groups. A script is given every key that it touches: while a slot moves between nodes, only then
 * Redis knows that it must be tried again rather than run where half of the keys are.
 */
import { createHash } from 'node:crypto'

/** Of a session, after its base. */
const nouns = {
  /** hash: record, version, status · lease ("<fence> <owner>"), fence (the last one) · places (the last one), since, settled, waiting ("<bytes> <entries>") of the outbox · "stream <index>" */
  session: ':session',
  /** set: hashes of session tokens */
  tokens: ':tokens',
  /**
   * hash: name, head, floor, aged (when something may be too old) · bytes ("<durable> <volatile> <head> <aged>": of the events, and when
   * they were counted), uncounted ("<durable> <volatile>", only while some are: up to which)
   */
  log: ':log',
  /** streams, one sequence over both: <sequence>-0: t (epoch ms), e (the event) */
  durable: ':log:durable',
  volatile: ':log:volatile',
  /** stream: <place>-0: e (the entry) */
  outbox: ':outbox',
  /**
   * hash of what ends: "<until> …" each
   *   r <message id>       <until> <place> <record>
   *   d <key of copies>    <until> JSON: of each stanza told under it its cursor (<log name> <sequence>), time and ways
   *   a <Idempotency-Key>  <until> a <fingerprint> <answer> or, still running, <until> r <fingerprint> <instance>
   *   q <iq id>            <until> <iq>
   */
  kept: ':kept',
  /** zset: the keys of that hash by when they may be dropped */
  due: ':due',
  /** hash: of each named consumer when it was last used (epoch ms), log name and sequence of its place */
  consumers: ':consumers',
  /** set: the kinds of state there are; each has a hash of its own */
  kinds: ':kinds',
} as const

export type SessionNoun = keyof typeof nouns
export const sessionNouns: readonly string[] = Object.keys(nouns)

const base = (session: string) => `sg:{${session}}`
const tenantBase = (tenant: string) => `sg:{ten_${tenant}}`

export const sessionKey = (noun: SessionNoun, session: string) => base(session) + nouns[noun]
/** hash: key: value */
export const stateKey = (session: string, kind: string) => `${base(session)}:state:${kind}`
/** channel: "<log name> <head>" when the log has grown, nothing when the session is removed */
export const wakeChannel = (session: string) => `${base(session)}:wake`

/** hash: requested resource: "<session>" or, while it is being made, "<session> <until>" */
export const jidKey = (tenant: string, jid: string) => `${tenantBase(tenant)}:jid:${jid}`
/** zset: sessions by creation */
export const membersKey = (tenant: string) => `${tenantBase(tenant)}:sessions`
/** zset: removed ones for an hour: where a list goes on that was being paged */
export const leftKey = (tenant: string) => `${tenantBase(tenant)}:left`

/** hashes: the instances that are there (scripts/members.lua), the same in each; these hash tags are a fifth of the slots apart (1635, 4912, 8193, 11461, 14742) */
export const memberPlaces = ['qm', 'rm', 'sm', 'wm', 'tm'].map((tag) => `sg:instances:{${tag}}`)

/** list: the sessions that have something of an id that callers chose, the newest first */
export const chosenKey = (tenant: string, id: string) =>
  `${tenantBase(tenant)}:chosen:${createHash('sha256').update(id).digest('base64url').slice(0, 22)}`

/** hash: the tenant's webhooks by id: "<version> <created, epoch ms> <record>"; zset: removed ones for an hour */
export const webhooksKey = (tenant: string) => `${tenantBase(tenant)}:webhooks`
export const removedWebhooksKey = (tenant: string) => `${tenantBase(tenant)}:webhooks:removed`

/** hashes: the tenant's API keys by id: "<version> <record>"; when each was used last, epoch ms */
export const keysKey = (tenant: string) => `${tenantBase(tenant)}:keys`
export const usedKeysKey = (tenant: string) => `${tenantBase(tenant)}:keys:used`
/** string: "<tenant> <id>" of the API key with that hash; nothing without its record */
export const keyHashKey = (hash: string) => `sg:key:${hash}`

/** string: what was taken in the present window of a rate */
export const rateKey = (name: string) => `sg:rate:${name}`
/** stream: <ms>-<number>: e (the entry) */
export const auditKey = (tenant: string) => `${tenantBase(tenant)}:audit`

/** Of a webhook, after its base. */
const webhookNouns = {
  /** hash: failures (tries in a row), last (the last try) */
  health: ':health',
  /** hash: deliveries by id */
  rows: ':rows',
  /** zsets: those of them that are dead and the others by their first try, and those that are tried again by their next one */
  dead: ':dead',
  others: ':others',
  again: ':again',
  /** string: who may probe it while it is failing */
  probe: ':probe',
} as const

export type WebhookNoun = keyof typeof webhookNouns

export const webhookKey = (noun: WebhookNoun, tenant: string, id: string) => `${tenantBase(tenant)}:webhook:${id}${webhookNouns[noun]}`

/** hash: the tenant's hooks by id: "<version> <created, epoch ms> <record>" */
export const hooksKey = (tenant: string) => `${tenantBase(tenant)}:hooks`
/** string: what was told last of a group of alerts */
export const hookGroupKey = (tenant: string, id: string, group: string) =>
  `${tenantBase(tenant)}:hook:${id}:group:${createHash('sha256').update(group).digest('base64url')}`
/** string: "<tenant> <id>" of the hook with that token */
export const hookTokenKey = (hash: string) => `sg:hook:${hash}`

/** set: tenants that ever had a session */
export const TENANTS = 'sg:tenants'
/** written to see whether that is possible */
export const probeKey = (number: number) => `sg:probe:${number}`
/** nobody listens to it; it is there to see whether one may */
export const probeChannel = 'sg:probe'
export const ticketKey = (hash: string) => `sg:ticket:${hash}`

export const busChannel = (name: string) => `sg:bus:${name}`
/** "<session> <name> <log name> <sequence>" of each consumer that is new */
export const consumersChannel = 'sg:consumers'
/** heard by the instance of that name as long as it lives */
export const liveChannel = (instance: string) => `sg:live:${instance}`
