/** Which addresses the gateway may dial for its callers: public ones, and the hosts that the operator has named. */
import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import { Problem } from '../errors/problem.ts'

/** An address that has passed the check: dial this and not the name, so that a second look-up cannot change it. */
export interface CheckedAddress {
  address: string
  family: 4 | 6
}

export interface AddressPolicy {
  /** hosts that may have any address, as `normalHost` gives them */
  privateHosts: ReadonlySet<string>
  /** the variable that names such hosts, for the problem's detail: `XMPP_PRIVATE_HOSTS` */
  variable: string
}

/** Name → addresses; rejects like node:dns. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** Only these of IPv6 are given out as global unicast (RFC 4291, IANA): ipaddr.js takes `::a.b.c.d` and the unassigned for unicast. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/** Is it the address of a host on the public internet? IPv4 inside IPv6 is looked at as IPv4 or refused; what is no address is not public. */
export function isPublic(ip: string): boolean {
  if (isIP(ip) === 0) return false
  const address = ipaddr.process(ip)
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(globalUnicast)
}

/**
 * One spelling for each host: names as DNS has them, addresses without brackets, `0x7f.1` as `127.0.0.1`, IPv4 inside IPv6 as IPv4.
 * Undefined for what is no host.
 */
export function normalHost(host: string): string | undefined {
  const inner = /^\[(.*)\]$/.exec(host)?.[1] ?? host
  if (inner.includes(':')) return isIP(inner) === 6 && !inner.includes('%') ? ipaddr.process(inner).toString() : undefined
  if (/[\s%/?#@\\*[\]]/.test(inner)) return undefined
  const name = domainToASCII(inner).replace(/\.$/, '')
  return name === '' ? undefined : name
}

/** The normal form of a host that may be dialled as far as can be said before it is looked up. Throws the problem address-not-allowed. */
export function checkHost(host: string, policy: AddressPolicy): string {
  const normal = normalHost(host)
  if (normal === undefined) throw new Problem('address-not-allowed', 'The host is not a name or an address.')
  if (isIP(normal) !== 0 && !policy.privateHosts.has(normal) && !isPublic(normal)) throw notPublic(normal, policy)
  return normal
}

/**
 * Looks a host up and answers those of its addresses that may be dialled, in the order of the look-up. Rejects with the problem
 * address-not-allowed where none may, and with what the look-up rejects with.
 */
export async function lookupPinned(
  host: string,
  { resolve = system, ...policy }: AddressPolicy & { resolve?: Resolve },
): Promise<CheckedAddress[]> {
  const normal = checkHost(host, policy)
  const addresses = isIP(normal) === 0 ? await resolve(normal) : [normal]
  const anywhere = policy.privateHosts.has(normal)
  const checked: CheckedAddress[] = []
  for (const address of addresses) {
    const family = isIP(address)
    if (family !== 0 && (anywhere || isPublic(address))) checked.push({ address, family: family === 4 ? 4 : 6 })
  }
  if (checked.length === 0) throw notPublic(normal, policy)
  return checked
}

/**
 * The same as a `lookup` for sockets and HTTP clients: each connection dials an address that was checked for it.
 * Sockets do not look literal addresses up: `checkHost` has to be asked before.
 */
export function pinnedLookup(policy: AddressPolicy & { resolve?: Resolve }): LookupFunction {
  return (host, options, callback) => {
    lookupPinned(host, policy).then(
      (found) => {
        const [first] = found as [CheckedAddress]
        if (options.all) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error, ''),
    )
  }
}

function notPublic(host: string, { variable }: AddressPolicy): Problem {
  return new Problem(
    'address-not-allowed',
    `The address of ${host} is not a public one. ${variable} names the hosts that may have another.`,
  )
}

async function system(host: string): Promise<string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address)
}
