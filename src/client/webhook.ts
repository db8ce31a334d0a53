import { StanzagateProblem } from './problem.ts'
import type { Event } from './types.ts'

/** seconds by which the clocks of both sides, and the way between them, may differ */
const TOLERANCE = 300
/** signatures of one delivery that are looked at: one for each secret that is alive */
const SIGNATURES_MAX = 10

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The event of a webhook's request, when it was signed with the secret (Standard Webhooks: `whsec_…`) within the last five minutes.
 * `body` is the body as it came, not parsed and written again; several secrets where one is being rotated.
 * Rejects with a StanzagateProblem `webhook-not-verified`, status 401.
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): Promise<Event> {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headerOf(headers, `webhook-${name}`))
  if (!id || !timestamp || !signatures) throw refusal('The request has no signature of a webhook.')
  const age = Date.now() / 1000 - Number(timestamp)
  if (!/^\d+$/.test(timestamp) || Math.abs(age) > TOLERANCE) throw refusal('The signature is too old, or of a time to come.')
  const encoder = new TextEncoder()
  const content = typeof body === 'string' ? encoder.encode(body) : body
  const signed = joined(encoder.encode(`${id}.${timestamp}.`), content)
  const given = signatures
    .split(' ')
    .slice(0, SIGNATURES_MAX)
    .flatMap((one) => (one.startsWith('v1,') ? [bytesOf(one.slice(3))] : []))
  for (const text of typeof secret === 'string' ? [secret] : secret) {
    const raw = bytesOf(text.replace(/^whsec_/, ''))
    if (raw === undefined || raw.length === 0) throw new TypeError('A secret is whsec_ and base64')
    const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    for (const signature of given) {
      // takes the same time for every signature that is wrong
      if (signature && (await crypto.subtle.verify('HMAC', key, signature, signed))) return JSON.parse(new TextDecoder().decode(content))
    }
  }
  throw refusal('The signature is not of this secret.')
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof found === 'string' ? found : found?.[0]
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

const refusal = (detail: string) => new StanzagateProblem({ code: 'webhook-not-verified', status: 401, detail })
