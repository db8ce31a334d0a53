/** Rooms are joined a few of one service at a time. */
import { domainOf } from '../../jid.ts'

/** rooms of one service that are being joined at one time */
const AT_ONCE = 5

export interface Turns {
  /** Does what is to be done for a room in its turn. */
  add(room: string, work: () => Promise<unknown>): void
  /** those that had no turn yet have none */
  clear(): void
}

export function createTurns(): Turns {
  const queue: { service: string; work: () => Promise<unknown> }[] = []
  const running = new Map<string, number>()

  function pump(): void {
    for (const next of queue.splice(0)) {
      const { service, work } = next
      const count = running.get(service) ?? 0
      if (count >= AT_ONCE) {
        queue.push(next)
        continue
      }
      running.set(service, count + 1)
      work().finally(() => {
        running.set(service, (running.get(service) ?? 1) - 1)
        pump()
      })
    }
  }

  return {
    add(room, work) {
      queue.push({ service: domainOf(room), work })
      pump()
    },
    clear() {
      queue.length = 0
    },
  }
}
