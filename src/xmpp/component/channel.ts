/** The way to the server of a component: clear text, which XEP-0114 has nothing else for, and so never further than it may be seen. */
import type { Resolve } from '../../net/address.ts'
import type { Bounds } from '../bounds.ts'
import { type AddressRules, connectTo, findAddresses, isLoopback, notAllowed } from '../dial/dial.ts'
import { serviceTarget, type Target } from '../dial/resolver.ts'
import { type Channel, socketChannel } from '../stream/channel.ts'

/** where servers listen for components unless another port is told */
const PORT = 5347

/** `xmpp://host:port`. Throws address-not-allowed. */
export function componentTarget(service: string | null): Target {
  const target = serviceTarget(service ?? '')
  if (target.kind !== 'starttls') throw notAllowed('The service of a component is a URL like xmpp://127.0.0.1:5347.')
  return /:\d+\/?$/.test(service ?? '') ? target : { ...target, port: PORT }
}

/** A loopback host, or one that the operator named. Rejects with address-not-allowed, xmpp-unreachable. */
export async function openComponentChannel(
  target: Target,
  { rules, bounds, resolve, signal }: { rules: AddressRules; bounds: Bounds; resolve: Resolve; signal: AbortSignal },
): Promise<Channel> {
  const { host } = target
  const isNamed = rules.privateHosts.has(host)
  if (!isNamed && host !== 'localhost' && !isLoopback(host))
    throw notAllowed(`The stream of a component is clear text: ${host} must be a loopback address, or be among XMPP_PRIVATE_HOSTS.`)
  const privateHosts = isNamed ? rules.privateHosts : new Set([host])
  const found = await findAddresses({ target, rules: { ...rules, privateHosts }, bounds, resolve, signal })
  const [address, ...others] = isNamed ? found : found.filter(isLoopback)
  if (address === undefined) throw notAllowed(`${host} is not the address of this machine.`)
  return socketChannel(await firstOf([address, ...others], target, { bounds, signal }))
}

async function firstOf(addresses: string[], target: Target, { bounds, signal }: { bounds: Bounds; signal: AbortSignal }) {
  let last: unknown
  for (const address of addresses) {
    try {
      return await connectTo(address, { target, ms: bounds.address, descriptors: bounds.descriptors, signal })
    } catch (thrown) {
      signal.throwIfAborted()
      last = thrown
    }
  }
  throw last
}
