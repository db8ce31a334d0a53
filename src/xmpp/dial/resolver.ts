import { resolveSrv, type SrvRecord } from 'node:dns'
import { isIP } from 'node:net'
import { within } from '../../deadline.ts'
import { normalHost } from '../../net/address.ts'
import { failure } from '../failure.ts'
import { unlessAborted } from '../unless-aborted.ts'

export type Kind = 'starttls' | 'tls' | 'websocket'

/** One place to try: the host is a name or a literal, not yet looked up. */
export interface Target {
  host: string
  port: number
  kind: Kind
  /** of a WebSocket */
  url?: URL
}

export type ResolveSrv = (name: string) => Promise<SrvRecord[]>

/**
 * Where the server of a domain may be, in the order to try: the `service` URL where there is one, else SRV (RFC 6120 section 3.2.1,
 * XEP-0368), else the domain itself on 5222. Throws address-not-allowed for a service that is no such URL, xmpp-unreachable
 * for a domain that says it has no XMPP.
 */
export async function findTargets({
  domain,
  service,
  lookup,
  resolve = systemSrv,
  random = Math.random,
  signal,
}: {
  domain: string
  service: string | null
  /** ms for one question */
  lookup: number
  resolve?: ResolveSrv | undefined
  random?: (() => number) | undefined
  /** ends the questions */
  signal: AbortSignal
}): Promise<Target[]> {
  if (service !== null) return [serviceTarget(service)]
  const host = hostOf(domain)
  const fallback: Target = { host, port: 5222, kind: 'starttls' }
  if (isIP(host) !== 0) return [fallback]
  const [plain, direct] = await Promise.all([
    ask(resolve, `_xmpp-client._tcp.${host}`, { ms: lookup, signal }),
    ask(resolve, `_xmpps-client._tcp.${host}`, { ms: lookup, signal }),
  ])
  signal.throwIfAborted()
  const offered = (records: SrvRecord[]) => records.filter(({ name }) => name !== '' && name !== '.')
  const records = [
    ...offered(plain).map((record) => ({ ...record, kind: 'starttls' as const })),
    ...offered(direct).map((record) => ({ ...record, kind: 'tls' as const })),
  ]
  if (records.length > 0) return order(records, random).map(({ name, port, kind }) => ({ host: hostOf(name), port, kind }))
  if (plain.length > 0)
    throw failure('unreachable', 'xmpp-unreachable', `The domain ${domain} says in its DNS that it has no XMPP service.`)
  return [fallback]
}

/** `xmpp://host:port`, `xmpps://host:port`, `wss://host/path`, `ws://host/path`. */
export function serviceTarget(service: string): Target {
  const [, scheme = '', rest = ''] = /^(xmpps?|wss?):\/\/(.*)$/is.exec(service) ?? []
  const kind = ({ xmpp: 'starttls', xmpps: 'tls', ws: 'websocket', wss: 'websocket' } as const)[scheme.toLowerCase()]
  // read as http: that scheme's parser knows every spelling of an IPv4 address
  const url = URL.parse(`${scheme.toLowerCase() === 'ws' || kind !== 'websocket' ? 'http' : 'https'}://${rest}`)
  const simple = kind === 'websocket' || (url !== null && url.pathname === '/' && url.search === '')
  if (kind === undefined || url === null || !simple || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw failure(
      'address-not-allowed',
      'address-not-allowed',
      'The service is not a URL like xmpp://host:5222, xmpps://host:5223 or wss://host/path.',
    )
  }
  const host = hostOf(url.hostname)
  if (kind === 'websocket') {
    const websocket = new URL(`${scheme.toLowerCase()}://${rest}`)
    return { host, port: Number(websocket.port) || (scheme.toLowerCase() === 'wss' ? 443 : 80), kind, url: websocket }
  }
  // http's own default port is dropped by the parser
  const written = /:(\d+)\/?$/.exec(rest)?.[1]
  return { host, port: Number(written ?? (kind === 'tls' ? 5223 : 5222)), kind }
}

/** Lowest priority first, within one priority drawn by weight (RFC 2782). */
export function order<Record extends { priority: number; weight: number }>(records: readonly Record[], random: () => number): Record[] {
  const ordered: Record[] = []
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b)
  for (const priority of priorities) {
    const left = records.filter((record) => record.priority === priority)
    while (left.length > 0) {
      // weight 0 keeps a small chance, as the RFC asks
      const total = left.reduce((sum, { weight }) => sum + weight + 0.01, 0)
      let drawn = random() * total
      let index = left.findIndex(({ weight }) => {
        drawn -= weight + 0.01
        return drawn < 0
      })
      if (index < 0) index = left.length - 1
      ordered.push(...left.splice(index, 1))
    }
  }
  return ordered
}

/** No answer in time, or none at all, is no record: the domain itself is tried then. */
async function ask(resolve: ResolveSrv, name: string, { ms, signal }: { ms: number; signal: AbortSignal }): Promise<SrvRecord[]> {
  return await within(ms, unlessAborted(signal, resolve(name)), () => new Error('There was no answer in time.')).catch(() => [])
}

function systemSrv(name: string): Promise<SrvRecord[]> {
  return new Promise((done, fail) => {
    resolveSrv(name, (cause, records) => (cause ? fail(cause) : done(records)))
  })
}

/** The one spelling of a host; throws address-not-allowed for what is none. */
function hostOf(host: string): string {
  const normal = normalHost(host)
  if (normal === undefined) throw failure('address-not-allowed', 'address-not-allowed', 'The host is not a name or an address.')
  return normal
}
