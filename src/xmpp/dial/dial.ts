import { connect, type Socket } from 'node:net'
import ipaddr from 'ipaddr.js'
import { within } from '../../deadline.ts'
import { Problem } from '../../errors/problem.ts'
import { lookupPinned, type Resolve } from '../../net/address.ts'
import type { Bounds } from '../bounds.ts'
import { Failure, failure, toFailure } from '../failure.ts'
import { unlessAborted } from '../unless-aborted.ts'
import type { Target } from './resolver.ts'

/** Whom this instance may dial, from the configuration. */
export interface AddressRules {
  /** hosts that may have private addresses and any port (XMPP_PRIVATE_HOSTS) */
  privateHosts: ReadonlySet<string>
  /** loopback hosts where clear text is allowed (XMPP_PLAINTEXT_HOSTS) */
  plaintextHosts: ReadonlySet<string>
  /** ports of all other hosts (XMPP_PORTS) */
  ports: ReadonlySet<number>
}

/**
 * The addresses of a target that may be dialled. Whoever dials them looks nothing up again, so that a second look-up cannot lead elsewhere.
 * Rejects with address-not-allowed, xmpp-unreachable.
 */
export async function findAddresses({
  target,
  rules,
  bounds,
  resolve,
  signal,
}: {
  target: Target
  rules: AddressRules
  bounds: Pick<Bounds, 'lookup'>
  resolve?: Resolve | undefined
  signal: AbortSignal
}): Promise<string[]> {
  const { host, port } = target
  const { privateHosts, ports } = rules
  if (!privateHosts.has(host) && !ports.has(port)) {
    throw notAllowed(`Port ${port} is not among XMPP_PORTS, and ${host} is not among XMPP_PRIVATE_HOSTS.`)
  }
  const pinned = lookupPinned(host, { privateHosts, variable: 'XMPP_PRIVATE_HOSTS', ...(resolve === undefined ? {} : { resolve }) })
  const found = await addressesWithin(bounds.lookup, unlessAborted(signal, pinned), host)
  return found.map(({ address }) => address)
}

/** Is clear text allowed with this address? Only a loopback one, and only where the operator named the host. */
export function mayBePlain({ host }: Target, address: string, rules: AddressRules): boolean {
  return rules.plaintextHosts.has(host) && isLoopback(address)
}

export function notAllowed(detail: string): Failure {
  return failure('address-not-allowed', 'address-not-allowed', detail)
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}

async function addressesWithin<Answer>(ms: number, answer: Promise<Answer>, host: string): Promise<Answer> {
  try {
    return await within(ms, answer, () => new Error('no answer in time'))
  } catch (cause) {
    if (cause instanceof Problem || cause instanceof Failure) throw toFailure(cause)
    throw failure('unreachable', 'xmpp-unreachable', `The address of ${host} cannot be found.`, cause)
  }
}

/** out here, so that a socket does not keep what was there when it connected */
const ignore = () => undefined

/** A TCP connection to an address of a target. Rejects with xmpp-unreachable. */
export function connectTo(
  address: string,
  { target, ms, descriptors, signal }: { target: Target; ms: number; descriptors: number; signal: AbortSignal },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { host, port } = target
    const socket = connect({ host: address, port })
    const timer = setTimeout(() => give(new Error(`${address} did not answer in ${ms} ms`)), ms)
    const abort = () => give(signal.reason)
    function settle(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', give)
    }
    function give(cause: unknown): void {
      settle()
      // a late error must not become an uncaught one
      socket.on('error', ignore)
      socket.destroy()
      reject(
        signal.aborted
          ? signal.reason
          : failure('unreachable', 'xmpp-unreachable', `The XMPP server ${host} cannot be reached on port ${port}.`, cause),
      )
    }
    socket.once('error', give)
    socket.once('connect', () => {
      // the kernel gives the lowest one that is free
      const { fd = 0 } = (socket as { _handle?: { fd?: number } })._handle ?? {}
      if (fd >= descriptors) return give(new Error('The process has too much open'))
      settle()
      // whoever owns the socket next listens for itself; this one keeps an early error from being uncaught
      socket.on('error', ignore)
      resolve(socket)
    })
    signal.addEventListener('abort', abort, { once: true })
  })
}
