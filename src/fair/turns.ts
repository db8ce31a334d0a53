/** Work for tenants takes turns with everything else that the event loop has to do, and the tenants with one another. */

/** ms of one turn of the event loop that requests may take; the others wait for the next one, and health is answered between */
const TURN_MAX = 50

export interface Turns {
  /** calls it at once, or when its turn has come; `tenant`: '' is nobody's */
  take(tenant: string, run: () => void): void
  /** the same as something to wait for: undefined where its turn is now, which is as a rule */
  wait(tenant: string): Promise<void> | undefined
  /** ms that the first of a tenant has waited; of no tenant: of the one that waits shortest, as somebody new would */
  waited(tenant?: string): number
}

interface Waiting {
  since: number
  run: () => void
}

export function createTurns({ most = TURN_MAX }: { most?: number } = {}): Turns {
  /** by tenant, whoever is next first */
  const waiting = new Map<string, Waiting[]>()
  /** of the present turn, if it had a request */
  let began: number | undefined
  /** requests of one turn: as many as fit, by what the turn before took */
  let size = 1

  function begin(now: number): void {
    began = now
    setImmediate(next)
  }

  /** the oldest of the tenant whose turn it is, which comes last then */
  function first(): Waiting | undefined {
    for (const [tenant, all] of waiting) {
      waiting.delete(tenant)
      const one = all.shift()
      if (all.length > 0) waiting.set(tenant, all)
      return one
    }
    return undefined
  }

  function next(): void {
    const now = performance.now()
    size = now - (began ?? now) < most ? size * 2 : Math.ceil(size / 2)
    began = undefined
    if (waiting.size === 0) {
      size = 1
      return
    }
    begin(now)
    for (let left = size; left > 0; left -= 1) {
      const one = first()
      if (one === undefined) return
      one.run()
    }
  }

  /** May something that comes now begin at once? */
  function isFree(now: number): boolean {
    if (began === undefined) begin(now)
    return waiting.size === 0 && now - (began ?? now) < most
  }

  function enter(tenant: string, one: Waiting): void {
    const own = waiting.get(tenant)
    if (own === undefined) waiting.set(tenant, [one])
    else own.push(one)
  }

  return {
    take(tenant, run) {
      const now = performance.now()
      if (isFree(now)) run()
      else enter(tenant, { since: now, run })
    },
    wait(tenant) {
      const now = performance.now()
      if (isFree(now)) return undefined
      return new Promise((run) => enter(tenant, { since: now, run }))
    },
    waited(tenant) {
      const firsts = tenant === undefined ? [...waiting.values()].map(([one]) => one) : [waiting.get(tenant)?.[0]]
      const since = firsts.reduce((latest, one) => Math.max(latest, one?.since ?? Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY)
      return since === Number.NEGATIVE_INFINITY ? 0 : performance.now() - since
    },
  }
}
