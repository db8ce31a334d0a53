/** The requests of one reader that are under way, within what its webhook and the host may have. */
import type { Hook } from './hook.ts'
import type { Slots } from './slots.ts'

export interface Flights {
  /** May one begin? Else this is asked again when one may. */
  mayBegin(): boolean
  begin(flight: () => Promise<void>): void
  /** who was offered a place and takes none lets the next one have it */
  passOn(): void
  /** resolves when all that are under way are over */
  over(): Promise<void>
}

/** `go`: one may begin, or one is over. */
export function createFlights({ hook, slots, go }: { hook: Hook; slots: Slots; go: () => void }): Flights {
  const flights = new Set<Promise<void>>()
  let offered = false

  function offer(): void {
    offered = true
    go()
  }

  return {
    mayBegin() {
      if (slots.isFree(hook.id, hook.host)) return true
      offered = false
      slots.wait(hook.id, hook.host, offer)
      return false
    },
    begin(work) {
      // it may have another address when this is over
      const { host } = hook
      offered = false
      slots.take(hook.id, host)
      const flight = work().finally(() => {
        slots.leave(hook.id, host)
        flights.delete(flight)
        go()
      })
      flights.add(flight)
    },
    passOn() {
      if (offered) slots.pass(hook.host)
      offered = false
    },
    over: async () => void (await Promise.allSettled([...flights])),
  }
}
