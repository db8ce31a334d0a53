import { operations } from './operations.ts'
import type { Operations } from './types.ts'

export interface HttpRequest {
  method: string
  /** with its query, below the URL of the gateway */
  target: string
  headers: Record<string, string>
  body?: string
  /** doing it twice is as doing it once */
  isSafe: boolean
}

/** What a call is in HTTP. Throws a TypeError for a call that no request could be made of. */
export function requestOf(id: keyof Operations, params: Readonly<Record<string, unknown>>): HttpRequest {
  if (!Object.hasOwn(operations, id)) throw new TypeError(`There is no operation ${id}`)
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
  const headers = headersOf(take('idempotencyKey') ?? (traits.repeatable ? makeKey() : undefined), take('wait'), take('respondAsync'))
  // a ticket is good for one request
  const isSafe = (method === 'GET' && params.ticket === undefined) || 'idempotency-key' in headers
  // what is known nowhere is refused by the gateway, which says what is known
  if (!traits.body) for (const [name, value] of rest) query.append(name, textOf(value))
  const target = query.size > 0 ? `${filled}?${query}` : filled
  if (!traits.body) return { method, target, headers, isSafe }
  const xml = traits.xml && rest.size === 1 ? take('xml') : undefined
  headers['content-type'] = xml === undefined ? 'application/json' : 'application/xml'
  return { method, target, headers, isSafe, body: xml === undefined ? JSON.stringify(Object.fromEntries(rest)) : String(xml) }
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

/** Not `randomUUID`: browsers have that for pages of https alone. */
function makeKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
