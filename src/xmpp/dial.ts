import { connect, type Socket } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Problem } from '../errors.ts'
import { lookupPinned, type Resolve } from '../net/address.ts'
import type { Bounds } from './bounds.ts'
import { type Failure, failure, toFailure } from './failure.ts'
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
 * Connects to a target: each of its addresses is checked, and what is connected to is the checked address, so that a second
 * look-up cannot change it. Addresses are tried one by one. Rejects with address-not-allowed, xmpp-unreachable.
 */
export async function dial({
  target,
  rules,
  bounds,
  resolve,
  signal,
}: {
  target: Target
  rules: AddressRules
  bounds: Pick<Bounds, 'address' | 'lookup'>
  resolve?: Resolve | undefined
  signal: AbortSignal
}): Promise<Socket> {
  const { host, port } = target
  const { privateHosts, ports } = rules
  if (!privateHosts.has(host) && !ports.has(port)) {
    throw notAllowed(`Port ${port} is not among XMPP_PORTS, and ${host} is not among XMPP_PRIVATE_HOSTS.`)
  }
  const pinned = lookupPinned(host, { privateHosts, variable: 'XMPP_PRIVATE_HOSTS', ...(resolve === undefined ? {} : { resolve }) })
  const addresses = await within(bounds.lookup, pinned, host)
  let last: unknown
  for (const { address } of addresses) {
    signal.throwIfAborted()
    try {
      return await connectTo(address, port, bounds.address, signal)
    } catch (cause) {
      last = cause
    }
  }
  signal.throwIfAborted()
  throw failure('unreachable', 'xmpp-unreachable', `The XMPP server ${host} cannot be reached on port ${port}.`, last)
}

/** Is clear text allowed on this connection? Only to a loopback address, and only where the operator named the host. */
export function mayBePlain(target: Target, socket: Socket, rules: AddressRules): boolean {
  return rules.plaintextHosts.has(target.host) && isLoopback(socket.remoteAddress ?? '')
}

export function notAllowed(detail: string): Failure {
  return failure('address-not-allowed', 'address-not-allowed', detail)
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}

async function within<Answer>(ms: number, answer: Promise<Answer>, host: string): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ms)
  })
  try {
    return await Promise.race([answer, late])
  } catch (cause) {
    if (cause instanceof Problem) throw toFailure(cause)
    throw failure('unreachable', 'xmpp-unreachable', `The address of ${host} cannot be found.`, cause)
  } finally {
    clearTimeout(timer)
  }
}

/** out here, so that a socket does not keep what was there when it connected */
const ignore = () => undefined

function connectTo(host: string, port: number, ms: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(() => give(new Error(`${host} did not answer in ${ms} ms`)), ms)
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
      reject(cause)
    }
    socket.once('error', give)
    socket.once('connect', () => {
      settle()
      // whoever owns the socket next listens for itself; this one keeps an early error from being uncaught
      socket.on('error', ignore)
      resolve(socket)
    })
    signal.addEventListener('abort', abort, { once: true })
  })
}
