/** Channels: those who listen here, and one subscription each at Redis. On a Cluster they are sharded, so that the count of hearers is true. */
import type { Cluster, Redis } from 'ioredis'
import type { Connection } from './connection.ts'

/** channels subscribed to in one command when the connection is back */
const BATCH = 500
/** ms between the questions whether the connection that only listens is still there */
const PING_INTERVAL = 5000

/** ms before a subscription that failed on a Cluster is tried again */
const RETRY_DELAY = 1000

export interface PubSub {
  /** how many connections heard it */
  publish(channel: string, text: string): Promise<number>
  listen(channel: string, hear: (text: string) => void): () => void
  /** Resolves when every listen so far is in force. Where one could not be it rejects, but on a Cluster: others may be. */
  listening(): Promise<void>
  close(): void
}

/** `restored`: told when messages may have been missed. */
export function createPubSub({ connection, restored }: { connection: Connection; restored: () => void }): PubSub {
  const { client, subscriber, cluster } = connection
  const channels = new Map<string, Set<(text: string) => void>>()
  let closed = false
  /** each answers what it failed with */
  const pending = new Set<Promise<unknown>>()

  function heard(channel: string, text: string): void {
    for (const hear of [...(channels.get(channel) ?? [])]) hear(text)
  }
  subscriber.on(cluster ? 'smessage' : 'message', heard)

  function tell(command: () => Promise<unknown>, failed: () => void = () => {}): void {
    const settled = connection
      .ask(command, subscriber)
      .then(
        () => undefined,
        (problem) => {
          failed()
          return problem
        },
      )
      .finally(() => pending.delete(settled))
    pending.add(settled)
  }
  function subscribe(names: string[]): void {
    // one connection subscribes again when it is ready; those of a Cluster are not ours to see
    if (!cluster) {
      tell(() => (subscriber as Redis).subscribe(...names))
      return
    }
    for (const name of names) {
      const one = () => (subscriber as Cluster).ssubscribe(name)
      tell(one, () => later(name))
    }
  }
  function later(name: string): void {
    setTimeout(() => {
      if (!closed && channels.has(name)) subscribe([name])
    }, RETRY_DELAY).unref()
  }
  function unsubscribe(name: string): void {
    tell(() => (cluster ? (subscriber as Cluster).sunsubscribe(name) : (subscriber as Redis).unsubscribe(name)))
  }
  function again(): void {
    const names = [...channels.keys()]
    for (let start = 0; start < names.length; start += BATCH) subscribe(names.slice(start, start + BATCH))
    void Promise.all(pending).then(restored)
  }
  if (cluster) subscriber.on('subscribersReady', restored)
  else subscriber.on('ready', again)
  // without an answer the socket is given up and a new one made
  const ping = setInterval(() => {
    if (!cluster && subscriber.status === 'ready') tell(() => (subscriber as Redis).ping())
  }, PING_INTERVAL).unref()

  return {
    publish(channel, text) {
      if (!cluster) return connection.ask(() => (client as Redis).publish(channel, text))
      return connection.ask(() => (client as Cluster).spublish(channel, text) as Promise<number>)
    },
    listen(channel, hear) {
      const own = (text: string) => hear(text)
      const known = channels.get(channel)
      const hearers = known ?? new Set()
      channels.set(channel, hearers.add(own))
      if (known === undefined) subscribe([channel])
      return () => {
        if (!hearers.delete(own) || hearers.size > 0 || channels.get(channel) !== hearers) return
        channels.delete(channel)
        unsubscribe(channel)
      }
    },
    async listening() {
      if (pending.size === 0) return
      const problem = (await Promise.all(pending)).find((one) => one !== undefined)
      if (problem !== undefined && !cluster) throw problem
    },
    close() {
      closed = true
      clearInterval(ping)
    },
  }
}
