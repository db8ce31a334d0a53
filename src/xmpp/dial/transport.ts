import type { SecureContext } from 'node:tls'
import { withDeadline } from '../../deadline.ts'
import type { Resolve } from '../../net/address.ts'
import type { XmlLimits } from '../../xml/limits.ts'
import type { Bounds } from '../bounds.ts'
import { Failure, failure, timedOut } from '../failure.ts'
import { type Channel, socketChannel } from '../stream/channel.ts'
import { type AddressRules, connectTo, findAddresses, mayBePlain, notAllowed } from './dial.ts'
import type { Target } from './resolver.ts'
import { requestTls } from './starttls.ts'
import { secure } from './tls.ts'
import { websocketChannel } from './websocket.ts'

export interface TransportOptions {
  domain: string
  rules: AddressRules
  context: SecureContext
  readLimits: Readonly<XmlLimits>
  bounds: Bounds
  resolve?: Resolve | undefined
  signal: AbortSignal
}

/** Of the targets and their addresses the first that gives a channel. */
export function openChannel(targets: readonly Target[], options: TransportOptions): Promise<Channel> {
  const { bounds, signal } = options
  return firstOf(targets, { ms: bounds.target, signal }, async (target, patience) => {
    const addresses = await findAddresses({ target, ...options, signal: patience })
    const each = { ms: bounds.address, signal: patience }
    return firstOf(addresses, each, (address, brief) => openAddress(address, target, { ...options, signal: brief }))
  })
}

/**
 * Tries one after the other, each for `ms` where another is left. Rejects with the failure of the last one, but one about trust is
 * never hidden by a later one.
 */
async function firstOf<Place>(
  places: readonly Place[],
  { ms, signal }: { ms: number; signal: AbortSignal },
  open: (place: Place, signal: AbortSignal) => Promise<Channel>,
): Promise<Channel> {
  let worst: unknown
  for (const [index, place] of places.entries()) {
    const isLast = index === places.length - 1
    try {
      if (isLast) return await open(place, signal)
      return await withDeadline(ms, timedOut, (patience) => open(place, AbortSignal.any([signal, patience])))
    } catch (thrown) {
      signal.throwIfAborted()
      if (worst === undefined || rank(thrown) >= rank(worst)) worst = thrown
    }
  }
  throw worst ?? failure('unreachable', 'xmpp-unreachable', 'There is no address to try.')
}

/**
 * A channel that is secure, or knowingly plain: nothing of an account is ever written before this has resolved.
 * Clear text needs a host that XMPP_PLAINTEXT_HOSTS names and a loopback address.
 */
async function openAddress(address: string, target: Target, options: TransportOptions): Promise<Channel> {
  const { domain, rules, context, readLimits, bounds, signal } = options
  const plain = mayBePlain(target, address, rules)
  const connected = () => connectTo(address, { target, ms: bounds.address, descriptors: bounds.descriptors, signal })
  if (target.kind === 'websocket') {
    const url = target.url as URL
    const clear = url.protocol !== 'wss:'
    if (clear && !plain) {
      throw notAllowed('ws:// is clear text, which is only allowed to the loopback hosts that XMPP_PLAINTEXT_HOSTS names.')
    }
    const socket = await connected()
    const carrier = clear ? socket : await secure(socket, { name: target.host, domain: false, context, alpn: 'http/1.1', signal })
    return websocketChannel(carrier, { url, maxPayload: Math.max(readLimits.spelt, bounds.frame), signal })
  }
  const socket = await connected()
  if (target.kind === 'tls')
    return socketChannel(await secure(socket, { name: domain, domain: true, context, alpn: 'xmpp-client', signal }))
  const answer = await requestTls(socket, { domain, plain, signal })
  if (answer === 'proceed') return socketChannel(await secure(socket, { name: domain, domain: true, context, signal }))
  // the stream that asked is over: the next one starts on a connection of its own
  socket.destroy()
  return socketChannel(await connected())
}

function rank(thrown: unknown): number {
  if (!(thrown instanceof Failure)) return 0
  return ['unreachable', 'connection-lost', 'address-not-allowed', 'tls-failed'].indexOf(thrown.reason) + 1
}
