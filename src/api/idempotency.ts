import { createHash, randomBytes } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import { invalidRequest, keyReused } from '../errors/refusals.ts'
import type { Answer } from '../gateway/contract/operation.ts'
import type { StoredAnswer } from '../gateway/ports/change.ts'
import type { Store } from '../gateway/ports/store.ts'
import { PROBLEM_TYPE, problemBody, problemHeaders } from './problem.ts'

/** ms that a running mark lives: longer than any request that may have a key, shorter than a caller's patience */
const RUNNING = 30_000

export interface Idempotency {
  key: string
  fingerprint: string
}

/** Checks an Idempotency-Key: 1–255 visible characters. Throws `invalid-request`. */
export function checkKey(key: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key
  const message = 'must be 1 to 255 visible ASCII characters'
  throw invalidRequest('header.idempotency-key', message, { detail: `Idempotency-Key ${message}.` })
}

/** Equal for equal requests: method, path and the parsed body, whatever its white space and the order of its keys. */
export function fingerprintOf(method: string, path: string, body: unknown): string {
  return createHash('sha256').update(`${method} ${path}\n`).update(canonical(body)).digest('base64url')
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`
}

/**
 * Runs a request once per key and session and answers its repeats with the first answer. Kept are 2xx and the 4xx that say
 * something about the request itself; after anything else the key is free again.
 */
export function createIdempotency({ store, instance }: { store: Store['idempotency']; instance: string }) {
  // a process that was started again under the same name is another one
  const owner = `${instance}:${randomBytes(6).toString('base64url')}`
  /** The running mark, for operations whose answer is kept here. */
  async function generic(session: string, mark: Idempotency, requestId: string, run: () => Promise<Answer>): Promise<Answer> {
    const repeat = await begin(session, mark)
    if (repeat) return repeat
    try {
      const answer = await run()
      if (answer.status < 300) await store.finish(session, mark.key, mark.fingerprint, storable(answer))
      else await store.release(session, mark.key)
      return answer
    } catch (thrown) {
      if (isKept(thrown)) await store.finish(session, mark.key, mark.fingerprint, problemAnswer(thrown, requestId))
      // the key frees itself when the store cannot be told; what was thrown matters more
      else await store.release(session, mark.key).catch(() => undefined)
      throw thrown
    }
  }

  /** Operations that keep a 2xx in their own store call: only what they refused is kept here. */
  async function own(session: string, mark: Idempotency, requestId: string, run: () => Promise<Answer>): Promise<Answer> {
    try {
      return await run()
    } catch (thrown) {
      if (!isKept(thrown)) throw thrown
      const repeat = await begin(session, mark)
      if (repeat) return repeat
      await store.finish(session, mark.key, mark.fingerprint, problemAnswer(thrown, requestId))
      throw thrown
    }
  }

  async function begin(session: string, { key, fingerprint }: Idempotency): Promise<Answer | undefined> {
    const begun = await store.begin(session, key, fingerprint, owner, RUNNING)
    if (begun.kind === 'new') return undefined
    if (begun.kind === 'running') {
      throw new Problem('idempotency-key-running', 'A request with this Idempotency-Key is still running.', { retryAfter: 1 })
    }
    if (begun.kind === 'reused') throw keyReused()
    return replay(begun.answer)
  }

  return { generic, own }
}

function replay({ status, body, headers, contentType }: StoredAnswer): Answer {
  return {
    status,
    ...(body !== undefined && { body }),
    ...(contentType !== undefined && { contentType }),
    headers: { ...headers, 'idempotency-replayed': 'true' },
  }
}

function storable({ status, body, headers, contentType }: Answer): StoredAnswer {
  return { status, ...(body !== undefined && { body }), ...(headers && { headers }), ...(contentType !== undefined && { contentType }) }
}

function problemAnswer(problem: Problem, requestId: string): StoredAnswer {
  return {
    status: problem.status,
    body: problemBody(problem, requestId),
    headers: problemHeaders(problem),
    contentType: PROBLEM_TYPE,
  }
}

const neverKept = [400, 401, 403, 408, 409, 413, 415, 429]

function isKept(thrown: unknown): thrown is Problem {
  if (!(thrown instanceof Problem) || thrown.status >= 500 || thrown.retryable) return false
  return !neverKept.includes(thrown.status) && thrown.code !== 'session-not-found' && thrown.code !== 'idempotency-key-reused'
}
