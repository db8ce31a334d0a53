/** How many requests are under way at one time, so that one slow consumer does not take all that there is. */

/** of one webhook, and to one host and port */
const EACH = 64
const HOST = 16

export interface Slots {
  isFree(webhook: string, host: string): boolean
  /** takes one that is free */
  take(webhook: string, host: string): void
  /** gives it back: one of those that wait and may take one is called */
  leave(webhook: string, host: string): void
  /** called once, when there is one; who does not take it then passes it on */
  wait(webhook: string, host: string, wake: () => void): void
  pass(host: string): void
}

/**
 * A webhook that has none under way may always begin one: what a slow consumer has taken of its host is no obstacle to another webhook
 * of the same host.
 */
export function createSlots({ each = EACH, host: most = HOST }: { each?: number; host?: number } = {}): Slots {
  const webhooks = new Map<string, number>()
  const hosts = new Map<string, number>()
  /** by host, then by webhook; in the order in which they came */
  const waiting = new Map<string, Map<string, Set<() => void>>>()

  function isFree(webhook: string, host: string): boolean {
    const own = webhooks.get(webhook) ?? 0
    return own === 0 || (own < each && (hosts.get(host) ?? 0) < most)
  }

  function pass(host: string): void {
    const queues = waiting.get(host)
    for (const [webhook, wakes] of queues ?? []) {
      if (!isFree(webhook, host)) continue
      const [wake] = wakes as Iterable<() => void>
      wakes.delete(wake!)
      // webhooks take turns
      queues!.delete(webhook)
      if (wakes.size > 0) queues!.set(webhook, wakes)
      if (queues!.size === 0) waiting.delete(host)
      wake!()
      return
    }
  }

  return {
    isFree,
    take(webhook, host) {
      webhooks.set(webhook, (webhooks.get(webhook) ?? 0) + 1)
      hosts.set(host, (hosts.get(host) ?? 0) + 1)
    },
    leave(webhook, host) {
      lower(webhooks, webhook)
      lower(hosts, host)
      pass(host)
    },
    wait(webhook, host, wake) {
      const queues = waiting.get(host) ?? new Map<string, Set<() => void>>()
      waiting.set(host, queues)
      const wakes = queues.get(webhook) ?? new Set()
      queues.set(webhook, wakes.add(wake))
    },
    pass,
  }
}

function lower(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
