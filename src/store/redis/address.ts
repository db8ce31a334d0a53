/**
 * REDIS_URL. One server: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS.
 * Sentinel: `redis+sentinel://[user:password@]host[:port],…/master[?db=0&sentinelUsername=&sentinelPassword=]`.
 * Cluster: `redis+cluster://[user:password@]host[:port],…`. `rediss+sentinel` and `rediss+cluster` for TLS:
 * servers must prove the names by which they are known here and to one another, by authorities that Node trusts (NODE_EXTRA_CA_CERTS names more).
 * A user of the ACL needs `~sg:* &sg:* +@all -@admin -@dangerous +info +role`.
 */
export interface RedisAddress {
  kind: 'standalone' | 'sentinel' | 'cluster'
  hosts: { host: string; port: number }[]
  tls: boolean
  username?: string
  password?: string
  /** name of the master, of Sentinel */
  master?: string
  db: number
  sentinelUsername?: string
  sentinelPassword?: string
}

const PORT = 6379
const SENTINEL_PORT = 26_379
const shape = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?@]+)(?:\/([^/?]*))?(?:\?(.*))?$/

/** Throws a RangeError that says what is wrong and never repeats the password. */
export function parseRedisAddress(url: string): RedisAddress {
  const [, s, form, userInfo, hosts, path = '', query = ''] = shape.exec(url) ?? []
  if (hosts === undefined) throw wrong('it must be like redis://host:6379, redis+sentinel://host,host/master or redis+cluster://host,host')
  const kind = form === 'sentinel' || form === 'cluster' ? form : 'standalone'
  const list = hosts.split(',').map((host) => parseHost(host, kind === 'sentinel' ? SENTINEL_PORT : PORT))
  if (kind === 'standalone' && list.length > 1) throw wrong('several hosts need redis+sentinel:// or redis+cluster://')

  const address: RedisAddress = { kind, hosts: list, tls: s === 's', db: 0 }
  if (userInfo !== undefined) Object.assign(address, parseUser(userInfo))
  const options = new URLSearchParams(query)
  if (kind === 'sentinel') {
    if (path === '') throw wrong('the name of the master is missing: redis+sentinel://host,host/master')
    address.master = decodeURIComponent(path)
    address.db = parseDatabase(options.get('db') ?? '')
    for (const name of ['sentinelUsername', 'sentinelPassword'] as const) {
      const value = options.get(name)
      if (value !== null) address[name] = value
    }
  } else if (kind === 'standalone') {
    address.db = parseDatabase(path)
  } else if (path !== '' && path !== '0') throw wrong('a Cluster has only database 0')

  const known = kind === 'sentinel' ? ['db', 'sentinelUsername', 'sentinelPassword'] : []
  const unknown = [...options.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) throw wrong(`it has no option ${unknown}`)
  return address
}

/** Hosts and master, nothing secret. */
export function describeAddress({ kind, hosts, master }: RedisAddress): string {
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(', ')
  if (kind === 'standalone') return list
  return kind === 'sentinel' ? `${master} of the Sentinels ${list}` : `the Cluster ${list}`
}

function parseHost(text: string, port: number): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const number = Number(match?.[3] ?? port)
  if (host === undefined || number < 1 || number > 65_535) throw wrong('a host in it is not like host:port')
  return { host, port: number }
}

function parseUser(text: string): { username?: string; password?: string } {
  const colon = text.indexOf(':')
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
  try {
    return {
      ...(user !== '' && { username: decodeURIComponent(user) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
    }
  } catch {
    throw wrong('user and password must be percent-encoded')
  }
}

function parseDatabase(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw wrong('the database is not a number')
  return Number(text)
}

function wrong(why: string): RangeError {
  return new RangeError(`REDIS_URL is not valid: ${why}.`)
}
