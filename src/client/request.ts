import type { AnyId, AnyParams } from './calls.ts'
import { operations } from './operations.ts'

export interface HttpRequest {
  method: string
  /** with its query, below the URL of the gateway */
  target: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | Blob
}

/** What a call is in HTTP. Throws a TypeError for a call that no request could be made of. */
export function requestOf(id: AnyId, params: AnyParams): HttpRequest {
  const [method, path, inQuery, traits = {}] = operations[id]
  const rest = new Map(Object.entries(params).filter(([, value]) => value !== undefined))
  const take = (name: string) => {
    const value = rest.get(name)
    rest.delete(name)
    return value
  }

  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(id, name, take(name)))
  const query = new URLSearchParams()
  for (const name of inQuery) if (rest.has(name)) query.append(name, textOf(take(name)))
  const headers = headersOf(take('idempotencyKey'), take('wait'), take('respondAsync'))
  const { bytes, mediaType } = traits.bytes ? { bytes: take('bytes'), mediaType: take('mediaType') } : {}
  // what is known nowhere is refused by the gateway, which says what is known
  if (!traits.body) for (const [name, value] of rest) query.append(name, textOf(value))
  const target = query.size > 0 ? `${filled}?${query}` : filled
  if (traits.bytes) {
    if (!(bytes instanceof Uint8Array || bytes instanceof Blob)) throw new TypeError(`${id} needs bytes, as a Uint8Array or a Blob`)
    headers['content-type'] = String(mediaType ?? ((bytes instanceof Blob && bytes.type) || 'application/octet-stream'))
    return { method, target, headers, body: bytes as Uint8Array<ArrayBuffer> | Blob }
  }
  if (!traits.body) return { method, target, headers }
  const xml = traits.xml && rest.size === 1 ? take('xml') : undefined
  headers['content-type'] = xml === undefined ? 'application/json' : 'application/xml'
  return { method, target, headers, body: xml === undefined ? JSON.stringify(Object.fromEntries(rest)) : String(xml) }
}

function segmentOf(id: string, name: string, value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value)
  // these would be another path, however they are written (WHATWG URL, "single-dot URL path segment")
  if (text === '' || text === '.' || text === '..') throw new TypeError(`${id} needs ${name}, and not ${JSON.stringify(text)}`)
  return encodeURIComponent(text)
}

const textOf = (value: unknown) => (Array.isArray(value) ? value.join() : String(value))

function headersOf(key: unknown, wait: unknown, respondAsync: unknown): Record<string, string> {
  const prefer = [...(wait === undefined ? [] : [`wait=${wait}`]), ...(respondAsync === true ? ['respond-async'] : [])]
  return { ...(key !== undefined && { 'idempotency-key': String(key) }), ...(prefer.length > 0 && { prefer: prefer.join(', ') }) }
}
