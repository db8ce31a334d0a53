import { Redis } from 'ioredis'

/** Everything that a Redis has, keys and values, as text. */
export async function dumpOf(url: string): Promise<string> {
  const client = new Redis(url)
  const reading: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => client.get(key),
    hash: (key) => client.hgetall(key),
    set: (key) => client.smembers(key),
    zset: (key) => client.zrange(key, '0', '-1'),
    list: (key) => client.lrange(key, 0, -1),
    stream: (key) => client.xrange(key, '-', '+'),
  }
  try {
    const lines: string[] = []
    for (const key of await client.keys('*')) {
      const read = reading[await client.type(key)]
      lines.push(`${key} ${JSON.stringify(await read?.(key))}`)
    }
    return lines.join('\n')
  } finally {
    client.disconnect()
  }
}
