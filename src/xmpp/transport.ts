import type { SecureContext } from 'node:tls'
import type { Resolve } from '../net/address.ts'
import type { Bounds } from './bounds.ts'
import { type Channel, socketChannel } from './channel.ts'
import { type AddressRules, dial, mayBePlain, notAllowed } from './dial.ts'
import { Failure, failure } from './failure.ts'
import type { Target } from './resolver.ts'
import { requestTls } from './starttls.ts'
import { secure } from './tls.ts'
import { websocketChannel } from './websocket.ts'

export interface TransportOptions {
  domain: string
  rules: AddressRules
  context: SecureContext
  readLimit: number
  bounds: Bounds
  resolve?: Resolve | undefined
  signal: AbortSignal
}

/** The first of the targets that gives a channel; the failure of the last one otherwise, but one about trust is never hidden by a later one. */
export async function openChannel(targets: readonly Target[], options: TransportOptions): Promise<Channel> {
  let worst: unknown
  for (const [index, target] of targets.entries()) {
    const patience = new AbortController()
    const late = failure('timeout', 'xmpp-timeout', `The XMPP server ${target.host} did not answer in time.`)
    const last = index === targets.length - 1
    const timer = last ? undefined : setTimeout(() => patience.abort(late), options.bounds.target)
    try {
      return await openTarget(target, { ...options, signal: AbortSignal.any([options.signal, patience.signal]) })
    } catch (thrown) {
      options.signal.throwIfAborted()
      if (worst === undefined || rank(thrown) >= rank(worst)) worst = thrown
    } finally {
      clearTimeout(timer)
    }
  }
  throw worst ?? failure('unreachable', 'xmpp-unreachable', 'There is no address to try.')
}

/**
 * A channel that is secure, or knowingly plain: nothing of an account is ever written before this has resolved.
 * Clear text needs a host that XMPP_PLAINTEXT_HOSTS names and a loopback address.
 */
async function openTarget(target: Target, options: TransportOptions): Promise<Channel> {
  const { domain, rules, context, readLimit, signal } = options
  const socket = await dial({ target, ...options })
  if (target.kind === 'websocket') {
    const url = target.url as URL
    if (url.protocol === 'wss:') {
      const tls = await secure(socket, { name: target.host, context, alpn: 'http/1.1', signal })
      return websocketChannel(tls, { url, maxPayload: readLimit, signal })
    }
    if (!mayBePlain(target, socket, rules)) {
      socket.destroy()
      throw notAllowed('ws:// is clear text, which is only allowed to the loopback hosts that XMPP_PLAINTEXT_HOSTS names.')
    }
    return websocketChannel(socket, { url, maxPayload: readLimit, signal })
  }
  if (target.kind === 'tls') return socketChannel(await secure(socket, { name: domain, context, alpn: 'xmpp-client', signal }))
  const answer = await requestTls(socket, { domain, plain: mayBePlain(target, socket, rules), signal })
  if (answer === 'proceed') return socketChannel(await secure(socket, { name: domain, context, signal }))
  // the stream that asked is over: the next one starts on a connection of its own
  socket.destroy()
  return socketChannel(await dial({ target, ...options }))
}

function rank(thrown: unknown): number {
  if (!(thrown instanceof Failure)) return 0
  return ['unreachable', 'connection-lost', 'address-not-allowed', 'tls-failed'].indexOf(thrown.reason) + 1
}
