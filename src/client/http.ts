import { jitter, pause } from './pause.ts'
import { type ProblemDocument, StanzagateProblem } from './problem.ts'
import { type HttpRequest, requestOf } from './request.ts'
import type { Operations } from './types.ts'

/** tries of a call that may be repeated */
const TRIES = 3
/** ms before the second try, at most; doubled for each further one */
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 5_000
/** seconds of a Retry-After that are waited for; who is told to wait longer is told so */
const RETRY_AFTER_MAX = 30
/** ms for one try, beyond the seconds that the gateway was asked to wait */
const TRY_WITHIN = 150_000

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export type AnyCall = (id: keyof Operations, params: Readonly<Record<string, unknown>>, options?: CallOptions) => Promise<unknown>

/** Calls by HTTP. Rejects with a StanzagateProblem, with the reason of the signal, or with the TypeError of a fetch that came to nothing. */
export function createHttp({ url, token, fetch }: { url: string; token: string | undefined; fetch: typeof globalThis.fetch }): AnyCall {
  async function once({ method, target, headers, body }: HttpRequest, wait: number, signal: AbortSignal | undefined): Promise<unknown> {
    const late = AbortSignal.timeout(TRY_WITHIN + wait * 1000)
    const response = await fetch(url + target, {
      method,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: signal ? AbortSignal.any([signal, late]) : late,
      ...(body !== undefined && { body }),
    })
    const type = response.headers.get('content-type') ?? ''
    if (!response.ok) throw problemOf(response, await response.text())
    if (response.status === 204) return undefined
    if (type.includes('json')) return await response.json()
    if (/xml|^text\//.test(type)) return await response.text()
    return new Uint8Array(await response.arrayBuffer())
  }

  return async (id, params, { signal } = {}) => {
    const request = requestOf(id, params)
    const wait = Number(params.wait) || 0
    for (let tried = 1; ; tried++) {
      try {
        return await once(request, wait, signal)
      } catch (error) {
        if (tried === TRIES || !request.isSafe || !isWorthAnother(error)) throw error
        const asked = error instanceof StanzagateProblem ? (error.retryAfter ?? 0) : 0
        if (asked > RETRY_AFTER_MAX) throw error
        await pause(Math.max(asked * 1000, jitter(tried, FIRST_PAUSE, LONGEST_PAUSE)), signal)
      }
    }
  }
}

/** A 504 was waited for long enough already. Another TypeError than that of fetch was thrown before there was a request. */
export const isWorthAnother = (error: unknown) =>
  error instanceof StanzagateProblem ? error.retryable && error.status !== 504 : error instanceof TypeError

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
