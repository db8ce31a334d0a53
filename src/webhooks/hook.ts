/** A webhook as this process works with it: what is sealed in its record is open here. */
import type { KeyObject } from 'node:crypto'
import type { Log } from '../gateway/ports/log.ts'
import type { Seal } from '../gateway/ports/seal.ts'
import type { WebhookRecord } from '../gateway/ports/webhook.ts'
import { keyOf } from './signature.ts'
import { createWanted } from './wanted.ts'

/** Sends the events of one session to one webhook. */
export interface Reader {
  /** the log may have grown, or the webhook be another */
  wake(): void
  /** the consumer is back: what waits is tried now */
  resume(): void
  /** No more begins. Resolves when what is under way is over and written, or after so many ms, when it is cut. */
  stop(within: number): Promise<void>
  /** the session has ended: what is left is sent from memory, until all is or a day is over */
  detach(): void
}

export interface Hook {
  readonly id: string
  readonly tenant: string
  record: WebhookRecord
  /** where its slots are counted */
  host: string
  headers: Readonly<Record<string, string>>
  wants: ReturnType<typeof createWanted>
  /** keys that sign at that time (epoch ms), the newest first; empty where this instance cannot open them */
  keys(now: number): KeyObject[]
  /** tries failed of late, here or elsewhere: the next that does not has to be told */
  isSick: boolean
  /** of the readers of this process the one that probes, while it is failing */
  prober: Reader | undefined
  readonly readers: Set<Reader>
}

export const secretPlace = ({ tenant, id }: Pick<WebhookRecord, 'tenant' | 'id'>) => ({ tenant, session: id, kind: 'webhook-secret' })
export const headersPlace = ({ tenant, id }: Pick<WebhookRecord, 'tenant' | 'id'>) => ({ tenant, session: id, kind: 'webhook-headers' })

export function createHook(record: WebhookRecord, context: { seal: Seal; log: Log }): Hook {
  const hook: Hook = {
    id: record.id,
    tenant: record.tenant,
    record,
    host: '',
    headers: {},
    wants: () => false,
    keys: () => [],
    isSick: false,
    prober: undefined,
    readers: new Set(),
  }
  openHook(hook, record, context)
  return hook
}

/** Takes a record on, as it was made or changed. */
export function openHook(hook: Hook, record: WebhookRecord, { seal, log }: { seal: Seal; log: Log }): void {
  const url = new URL(record.url)
  hook.record = record
  hook.host = `${url.hostname}:${url.port || url.protocol}`
  hook.wants = createWanted(record.types)
  hook.isSick ||= record.state === 'failing'
  try {
    const keys = record.secrets.map(({ sealed, expiresAt = Number.POSITIVE_INFINITY }) => {
      return { expiresAt, key: keyOf(seal.open(sealed, secretPlace(record))) }
    })
    hook.headers = record.headers ? JSON.parse(seal.open(record.headers.sealed, headersPlace(record))) : {}
    hook.keys = (now) => keys.filter(({ expiresAt }) => expiresAt > now).map(({ key }) => key)
  } catch (error) {
    // another instance may have the key; this one sends nothing that is not signed
    hook.keys = () => []
    log.error(
      { event: 'webhook.error', webhook: record.id, tenant: record.tenant, err: error },
      'The secrets of a webhook cannot be opened',
    )
  }
}

/** The record with all that it hides sealed with the present key; undefined where it is already, or cannot be opened. */
export function resealed(record: WebhookRecord, seal: Seal): WebhookRecord | undefined {
  const sealed = [...record.secrets.map((secret) => secret.sealed), ...(record.headers ? [record.headers.sealed] : [])]
  if (sealed.every((one) => seal.isCurrent(one)) || !sealed.every((one) => seal.knows(one))) return undefined
  const anew = (one: string, place: ReturnType<typeof secretPlace>) => seal.seal(seal.open(one, place), place)
  return {
    ...record,
    secrets: record.secrets.map((secret) => ({ ...secret, sealed: anew(secret.sealed, secretPlace(record)) })),
    ...(record.headers && { headers: { ...record.headers, sealed: anew(record.headers.sealed, headersPlace(record)) } }),
  }
}
