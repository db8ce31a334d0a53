import type { Transport } from './calls.ts'
import { type ProblemDocument, StanzagateProblem } from './problem.ts'
import { requestOf } from './request.ts'

/** Calls by HTTP. */
export function createHttp({ url, token, fetch }: { url: string; token: string | undefined; fetch: typeof globalThis.fetch }): Transport {
  return async (id, params, signal) => {
    const { method, target, headers, body } = requestOf(id, params)
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    const response = await fetch(url + target, { method, headers, signal, ...(body !== undefined && { body }) })
    const type = response.headers.get('content-type') ?? ''
    if (!response.ok) throw problemOf(response, await response.text())
    if (response.status === 204) return undefined
    if (type.includes('json')) return await response.json()
    if (/xml|^text\//.test(type)) return await response.text()
    return new Uint8Array(await response.arrayBuffer())
  }
}

function problemOf({ status, statusText, headers }: Response, text: string): StanzagateProblem {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? seconds : undefined
  return new StanzagateProblem(parse(text) ?? foreign(status, statusText), retryAfter)
}

function parse(text: string): ProblemDocument | undefined {
  try {
    const document = JSON.parse(text)
    return typeof document?.code === 'string' && typeof document.status === 'number' ? document : undefined
  } catch {
    return undefined
  }
}

/** Of a proxy, say. */
const foreign = (status: number, statusText: string): ProblemDocument => ({
  code: `http-${status}`,
  status,
  detail: `The answer was ${status} ${statusText}`.trim(),
  retryable: [429, 502, 503, 504].includes(status),
})
