/** How many requests are under way at one time, so that one slow consumer does not take all that there is. */

/** of one webhook, and to one host and port */
const EACH = 64
const HOST = 16

export interface Slots {
  /** Takes one where there is one. */
  take(webhook: string, host: string): boolean
  /** gives it back; whoever waits for one is called */
  leave(webhook: string, host: string): void
  /** called once, when one of the host was given back and there may be one */
  wait(host: string, wake: () => void): void
}

/**
 * A webhook that has none under way may always begin one: what a slow consumer has taken of its host is no obstacle to another webhook
 * of the same host.
 */
export function createSlots({ each = EACH, host: most = HOST }: { each?: number; host?: number } = {}): Slots {
  const webhooks = new Map<string, number>()
  const hosts = new Map<string, number>()
  const waiting = new Map<string, (() => void)[]>()

  return {
    take(webhook, host) {
      const own = webhooks.get(webhook) ?? 0
      const there = hosts.get(host) ?? 0
      if (own > 0 && (own >= each || there >= most)) return false
      webhooks.set(webhook, own + 1)
      hosts.set(host, there + 1)
      return true
    },
    leave(webhook, host) {
      lower(webhooks, webhook)
      lower(hosts, host)
      const wakes = waiting.get(host)
      if (wakes === undefined) return
      waiting.delete(host)
      // in the order in which they came: who finds none waits again
      for (const wake of wakes) wake()
    },
    wait(host, wake) {
      const wakes = waiting.get(host)
      if (wakes) wakes.push(wake)
      else waiting.set(host, [wake])
    },
  }
}

function lower(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 0) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
