import { type AcceptResult, Fenced } from '../gateway/ports/change.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { Store } from '../gateway/ports/store.ts'

/** Counts, over any store, the steps with leases, the writes of owners that are none any more, and what Idempotency-Keys met. */
export function metered(store: Store, metrics: Metrics): Store {
  const { instances, leases, outbox, idempotency } = store

  async function lease<Answer>(op: string, step: Promise<Answer>, isGiven: (answer: Answer) => boolean): Promise<Answer> {
    try {
      const answer = await step
      metrics.count('lease_total', { op, result: isGiven(answer) ? 'done' : 'refused' })
      return answer
    } catch (error) {
      metrics.count('lease_total', { op, result: 'failed' })
      throw error
    }
  }
  const keyed = (result: string) => metrics.count('idempotency_total', { result })

  return {
    ...store,
    instances: {
      ...instances,
      beat: (owner, said) => lease('renew', instances.beat(owner, said), (there) => there.has(owner)),
    },
    leases: {
      ...leases,
      acquire: (...args) => lease('acquire', leases.acquire(...args), (given) => given !== undefined),
      release: (...args) => lease('release', leases.release(...args), () => true),
    },
    async commit(...args) {
      try {
        return await store.commit(...args)
      } catch (error) {
        if (error instanceof Fenced) metrics.count('fenced_writes_total')
        throw error
      }
    },
    outbox: {
      ...outbox,
      async accept(id, acceptance) {
        const result = await outbox.accept(id, acceptance)
        const met = meetings[result.kind]
        if (acceptance.idempotency && met !== undefined) keyed(met)
        return result
      },
    },
    idempotency: {
      ...idempotency,
      async begin(...args) {
        const begun = await idempotency.begin(...args)
        keyed(begun.kind)
        return begun
      },
    },
  }
}

/** what a key met, where it was asked for before anything else was decided */
const meetings: Partial<Record<AcceptResult['kind'], string>> = {
  accepted: 'new',
  replayed: 'replayed',
  running: 'running',
  reused: 'reused',
}
