/** The bus of one process: those who hear a channel, told in a later turn as they would be over a network. */
import type { Store } from '../../gateway/ports/store.ts'

export function createBus(): Store['bus'] {
  const channels = new Map<string, Set<(message: unknown) => void>>()
  return {
    async publish(channel, message) {
      const hearers = [...(channels.get(channel) ?? [])]
      const text = JSON.stringify(message)
      for (const hear of hearers) {
        setImmediate(() => {
          if (channels.get(channel)?.has(hear)) hear(JSON.parse(text))
        })
      }
      return hearers.length
    },
    subscribe(channel, hear) {
      // one hearer may subscribe twice: each subscription is its own
      const own = (message: unknown) => hear(message)
      const hearers = channels.get(channel) ?? new Set()
      channels.set(channel, hearers.add(own))
      return () => {
        if (hearers.delete(own) && hearers.size === 0 && channels.get(channel) === hearers) channels.delete(channel)
      }
    },
    now: async () => performance.now(),
  }
}
