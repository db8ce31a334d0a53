/** A stream of its own before any log-in: secure, then questions. Accounts that do not exist yet are made on it (XEP-0077). */
import type { Server, UnnamedStream } from '../gateway/ports/connection.ts'
import { CLIENT, type Element, element } from '../xml/element.ts'
import { STREAMS } from '../xml/parse.ts'
import { serialize } from '../xml/serialize.ts'
import type { Shared } from './attempt.ts'
import { findTargets } from './dial/resolver.ts'
import { openChannel } from './dial/transport.ts'
import { closed, failure, streamFailure, timedOut, toFailure } from './failure.ts'
import type { Channel } from './stream/channel.ts'
import { readFeatures } from './stream/stream-features.ts'
import { FRAMING, Reader } from './stream/stream-reader.ts'

/** Runs the work on a stream, all of it within the bound of one attempt. Rejects with its problem, or that of the stream. */
export async function beforeLogIn<Result>(
  { tenant, domain, service }: Server,
  work: (stream: UnnamedStream) => Promise<Result>,
  { shared, signal }: { shared: Shared; signal: AbortSignal },
): Promise<Result> {
  const { bounds, lookUps, resolveSrv, random, logIns } = shared
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(timedOut()), bounds.attempt)
  const leave = () => deadline.abort(closed())
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  let channel: Channel | undefined
  let hasBegun = () => {}
  try {
    hasBegun = await logIns.take(tenant, deadline.signal)
    const targets = await findTargets({ domain, service, lookup: bounds.lookup, resolve: resolveSrv, random, signal: deadline.signal })
    channel = await openChannel(targets, { ...shared, domain, resolve: lookUps(tenant, deadline.signal), signal: deadline.signal })
    const reader = new Reader(channel, shared)
    return await work(await openStream({ channel, reader, domain, most: bounds.negotiation, signal: deadline.signal }))
  } catch (thrown) {
    throw toFailure(thrown).problem
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    hasBegun()
    if (channel) close(channel)
  }
}

/** Resolves when the server has said what it offers. */
async function openStream({
  channel,
  reader,
  domain,
  most,
  signal,
}: {
  channel: Channel
  reader: Reader
  domain: string
  most: number
  signal: AbortSignal
}): Promise<UnnamedStream> {
  const offered = Promise.withResolvers<readonly string[]>()
  const waiting = new Map<string, PromiseWithResolvers<Element>>()
  let over: unknown
  let questions = 0

  function end(cause: unknown): void {
    over ??= cause
    offered.reject(over)
    for (const { reject } of waiting.values()) reject(over)
    waiting.clear()
  }
  offered.promise.catch(() => {}) // whoever waits for it hears
  signal.addEventListener('abort', () => end(signal.reason), { once: true })

  reader.handle({
    most,
    open: () => {},
    element(received) {
      if (received.xmlns === STREAMS && received.name === 'error') throw streamFailure(received)
      if (received.xmlns === STREAMS && received.name === 'features') return offered.resolve(readFeatures(received).names)
      const { id = '', type } = received.attributes
      if (received.name !== 'iq' || (type !== 'result' && type !== 'error')) return
      waiting.get(id)?.resolve(received)
      waiting.delete(id)
    },
    ended: (cause) => end(cause ?? failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the stream.')),
  })
  channel.write(header(domain, channel.framed))

  return {
    features: await offered.promise,
    async ask(type, payload) {
      if (over !== undefined) throw over
      questions += 1
      const id = `q${questions}`
      const answer = Promise.withResolvers<Element>()
      waiting.set(id, answer)
      channel.write(serialize(element('iq', CLIENT, { type, id, to: domain }, [payload]), channel.framed ? '' : undefined))
      return await answer.promise
    },
  }
}

/** RFC 6120 section 4.3, RFC 7395 section 3.3.1 */
function header(domain: string, framed: boolean): string {
  if (framed) return serialize(element('open', FRAMING, { to: domain, version: '1.0' }), '')
  return `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='${CLIENT}' xmlns:stream='${STREAMS}'>`
}

/** ms that the server may take to read the last words */
const FAREWELL = 1_000

function close(channel: Channel): void {
  channel.write(channel.framed ? serialize(element('close', FRAMING), '') : '</stream:stream>')
  channel.end()
  setTimeout(() => channel.destroy(), FAREWELL).unref()
}
