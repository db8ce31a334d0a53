/** One try: one request, with an end in sight whatever the other side does. */
import { Agent, type Dispatcher, request } from 'undici'
import { Problem } from '../errors/problem.ts'
import { type AddressPolicy, checkHost, pinnedLookup, type Resolve } from '../net/address.ts'

/** ms of all of a try: look-up, connection, request and the head of the answer */
const TRY_WITHIN = 15_000
/** bytes of an answer that are read; its connection is closed where it has more */
const READ_MAX = 16 * 1024
/** characters of an answer that are told */
const TEXT_MAX = 1_024
/** ms that a connection waits for another request */
const KEEP_ALIVE = 4_000

export interface Outgoing {
  url: string
  headers: Readonly<Record<string, string>>
  body: string
}

export interface Attempt {
  /** of the answer; absent: there was none */
  status?: number
  retryAfter?: string
  /** what went wrong, in words for whoever has the webhook */
  error?: string
  ms: number
  /** the beginning of the answer, where it was asked for */
  answer?: string
}

export interface Attempts {
  /** Never rejects. `signal`: nobody wants to know any more. */
  make(outgoing: Outgoing, options?: { read?: boolean; signal?: AbortSignal }): Promise<Attempt>
  close(): Promise<void>
}

export function createAttempts({
  policy,
  within = TRY_WITHIN,
  ca,
}: {
  policy: AddressPolicy & { resolve?: Resolve }
  /** ms, see TRY_WITHIN */
  within?: number
  /** certificate authorities instead of those of node, for tests */
  ca?: string
}): Attempts {
  const agent = new Agent({
    connect: { lookup: pinnedLookup(policy), timeout: within, ...(ca !== undefined && { ca }) },
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: within,
    bodyTimeout: within,
    pipelining: 1,
  })

  async function send({ url, headers, body }: Outgoing, read: boolean, signal: AbortSignal): Promise<Omit<Attempt, 'ms'>> {
    // sockets do not look literal addresses up
    checkHost(new URL(url).hostname, policy)
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal })
    const { statusCode: status } = answer
    const retryAfter = answer.headers['retry-after']
    const text = read ? await beginning(answer.body) : undefined
    // what is left goes by itself: the status counts as soon as it is there
    if (!read) answer.body.dump({ limit: READ_MAX, signal }).catch(() => {})
    return {
      status,
      ...(typeof retryAfter === 'string' && { retryAfter }),
      ...(status >= 300 && { error: faultOf(status, answer.headers.location) }),
      ...(text !== undefined && { answer: text }),
    }
  }

  return {
    async make(outgoing, { read = false, signal } = {}) {
      const began = performance.now()
      const late = AbortSignal.timeout(within)
      const ms = () => Math.round(performance.now() - began)
      try {
        return { ...(await send(outgoing, read, signal ? AbortSignal.any([signal, late]) : late)), ms: ms() }
      } catch (error) {
        return { error: late.aborted ? `No answer within ${within / 1000} s.` : describe(error), ms: ms() }
      }
    },
    close: () => agent.destroy(),
  }
}

/** The first of an answer, as text, however long it is and however slowly it comes. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= READ_MAX) break
    }
  } catch {} // what came until then is told
  return Buffer.concat(chunks).toString('utf8').slice(0, TEXT_MAX)
}

function faultOf(status: number, location: string | string[] | undefined): string {
  if (status >= 400) return `The answer was ${status}.`
  const target = typeof location === 'string' && URL.canParse(location) ? ` to ${new URL(location).host}` : ''
  return `The answer was ${status}: a redirect${target} is not followed.`
}

/** In words, without what the URL has in its path or query. */
function describe(error: unknown): string {
  if (error instanceof Problem) return `${error.code}: ${error.message}`
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0])
  return typeof code === 'string' && code !== '' ? `${code}: ${String(message)}` : String(message)
}
