/** Files to upload services: one request, to an address that was checked, with an end in sight whatever the other side does. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import { Client } from 'undici'
import { Problem } from '../errors/problem.ts'
import type { Put } from '../gateway/ports/put.ts'
import { type AddressPolicy, normalHost, pinnedLookup, type Resolve } from './address.ts'
import { checkTarget } from './target.ts'

/** ms for the look-up and the connection, and for the answer once all was sent */
const CONNECT_WITHIN = 15_000
const ANSWER_WITHIN = 30_000
/** ms that a file may take at least, and bytes of it a ms beyond that */
const LEAST = 60_000
const SLOWEST = 100
/** bytes of an answer that are read; its connection is closed where it has more */
const READ_MAX = 16 * 1024

export function createPut({
  privateHosts,
  caFile,
  resolve,
  answerWithin = ANSWER_WITHIN,
}: {
  /** hosts that may have any address, and be called without TLS */
  privateHosts: readonly string[]
  /** PEM of authorities trusted beside the system's */
  caFile?: string | undefined
  resolve?: Resolve
  /** ms, see ANSWER_WITHIN */
  answerWithin?: number
}): Put {
  const policy: AddressPolicy & { resolve?: Resolve } = {
    privateHosts: new Set(privateHosts.flatMap((host) => normalHost(host) ?? [])),
    variable: 'XMPP_PRIVATE_HOSTS',
    ...(resolve && { resolve }),
  }
  const ca = caFile === undefined ? undefined : [...getCACertificates('default'), readFileSync(caFile, 'utf8')]
  return async ({ url, headers, size, bytes, signal }) => {
    const { origin, pathname, search } = new URL(checkTarget(url, policy))
    const client = new Client(origin, {
      connect: { lookup: pinnedLookup(policy), timeout: CONNECT_WITHIN, ...(ca !== undefined && { ca }) },
      headersTimeout: answerWithin,
      bodyTimeout: answerWithin,
    })
    const late = AbortSignal.timeout(LEAST + Math.ceil(size / SLOWEST))
    const body = Readable.from(bytes, { objectMode: false })
    try {
      const answer = await client.request({
        method: 'PUT',
        path: pathname + search,
        headers: { ...headers, 'content-length': String(size) },
        body,
        signal: AbortSignal.any([signal, late]),
      })
      const { statusCode: status } = answer
      await answer.body.dump({ limit: READ_MAX, signal: late }).catch(() => {}) // the status counts
      if (status >= 300) throw new Problem('upload-failed', faultOf(status))
    } catch (error) {
      if (error instanceof Problem) throw error
      const isLate = late.aborted || (error as { code?: unknown }).code === 'UND_ERR_HEADERS_TIMEOUT'
      if (isLate) throw new Problem('upload-timeout', 'The upload service did not take the file in time.', { cause: error })
      throw new Problem('upload-failed', `The upload service did not take the file: ${describe(error)}`, { cause: error })
    } finally {
      body.destroy()
      await client.destroy()
    }
  }
}

function faultOf(status: number): string {
  if (status < 400) return `The upload service answered ${status}: a redirect is not followed.`
  return `The upload service answered ${status} to the file.`
}

/** In words, without what the URL has in its path or query. */
function describe(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0])
  return typeof code === 'string' && code !== '' ? `${code}: ${String(message)}` : String(message)
}
