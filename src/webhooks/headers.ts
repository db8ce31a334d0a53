import type { Seal } from '../gateway/ports/seal.ts'
import type { WebhookRecord } from '../gateway/ports/webhook.ts'
import { headersPlace } from './hook.ts'

/** The headers of a caller as they are kept: sealed whole, and as they are shown. */
export function sealedHeaders(
  seal: Seal,
  record: Pick<WebhookRecord, 'tenant' | 'id'>,
  given: Readonly<Record<string, string>>,
): WebhookRecord['headers'] {
  const names = Object.keys(given)
  if (names.length === 0) return undefined
  const lower = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  const shown = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, /^authorization$/i.test(name) ? 'set' : value]))
  return { names, sealed: seal.seal(JSON.stringify(lower), headersPlace(record)), shown }
}
