import type { Scope } from './scope.ts'

/** keys of one tenant */
export const KEYS_MAX = 1_000

/** What somebody may do. */
export interface Rights {
  scopes: readonly Scope[]
  /** the accounts whose sessions there are for it: bare JIDs and `*@domain`; absent: all of the tenant */
  sessions?: readonly string[]
  /** whom it may write to: JIDs and `@domain`; absent: everybody */
  recipients?: readonly string[]
}

/** An API key that callers made. Times are epoch milliseconds. */
export interface KeyRecord extends Rights {
  id: string
  tenant: string
  /** SHA-256 of the key, base64url; the key itself is kept nowhere */
  hash: string
  name: string
  expiresAt?: number
  createdAt: number
  /** the key that made it; absent: one of the configuration, or a JWT */
  by?: string
  /** raised by each change */
  version: number
}

/** What a session token or a ticket was made by, where that is no key of the configuration: it can do no more. */
export interface Grant {
  /** id of a key */
  key?: string
  /** … or the scopes of a JWT, who it was, and until when (epoch ms) it was good */
  scopes?: readonly Scope[]
  by?: string
  until?: number
}

/** The keys of tenants. */
export interface KeyStore {
  /** undefined: the tenant has KEYS_MAX already */
  create(record: Omit<KeyRecord, 'version'>): Promise<KeyRecord | undefined>
  /** which key has that hash */
  find(hash: string): Promise<{ tenant: string; id: string } | undefined>
  /** `usedAt`: it is used now, epoch ms */
  read(tenant: string, id: string, usedAt?: number): Promise<KeyRecord | undefined>
  /** all of a tenant, oldest first */
  list(tenant: string): Promise<(KeyRecord & { lastUsedAt?: number })[]>
  /** Changes it if it still has that version; answers the new one, undefined when it lost or the key is gone. */
  update(record: KeyRecord): Promise<KeyRecord | undefined>
  remove(tenant: string, id: string): Promise<boolean>
  lastUsed(tenant: string, id: string): Promise<number | undefined>
}
