/** hooks of one tenant */
export const HOOKS_MAX = 100
/** ms that it is remembered what was told last of a group of alerts */
export const GROUP_AGE = 30 * 86_400_000
/** groups of alerts that one hook remembers in memory */
export const GROUPS_MAX = 1_000

export const hookFormats = ['text', 'json', 'slack', 'alertmanager', 'grafana', 'github'] as const
export type HookFormat = (typeof hookFormats)[number]

/** A URL that another service calls, and whom the session tells then. Times are epoch milliseconds. */
export interface HookRecord {
  id: string
  tenant: string
  name: string
  session: string
  /** a person, or a room that the session is in */
  to: string
  format: HookFormat
  /** Mustache */
  template?: string
  /** SHA-256 of its token, base64url */
  hash: string
  /** by the clock of the store */
  createdAt: number
  /** raised by each change */
  version: number
}

/** What was told last of a group of alerts: how they were, and how often something was told. */
export interface ToldGroup {
  state: string
  count: number
}

/** The hooks of tenants. */
export interface HookStore {
  /** Sets `createdAt` and `version`. undefined: the tenant has HOOKS_MAX already. */
  create(record: Omit<HookRecord, 'createdAt' | 'version'>): Promise<HookRecord | undefined>
  /** all of a tenant, oldest first */
  list(tenant: string): Promise<HookRecord[]>
  get(tenant: string, id: string): Promise<HookRecord | undefined>
  /** by the hash of its token */
  find(hash: string): Promise<HookRecord | undefined>
  /** Changes it if it still has that version; answers the new one, undefined when it lost or the hook is gone. */
  update(record: HookRecord): Promise<HookRecord | undefined>
  remove(tenant: string, id: string): Promise<boolean>
  /** of one group of alerts, by whatever names it */
  told(hook: HookRecord, group: string): Promise<ToldGroup | undefined>
  tell(hook: HookRecord, group: string, told: ToldGroup): Promise<void>
}
