/** Idempotency-Keys of routes whose effect is not an outbox entry. A running mark dies with the instance that made it. */
import { Problem } from '../../errors/problem.ts'
import { sessionNotFound } from '../../errors/refusals.ts'
import type { Begun, StoredAnswer } from '../../gateway/ports/change.ts'
import type { Store, StoreLimits } from '../../gateway/ports/store.ts'
import { disclose, enclose } from './envelope.ts'
import { liveChannel } from './keys.ts'
import type { PubSub } from './pubsub.ts'
import type { Scripts } from './scripts.ts'

/** ms that a running mark lives at most */
const RUNNING_MAX = 30_000

/** An instance is heard on a channel of its name as long as it lives. */
export interface Liveness {
  /** from now on this process answers for the instance */
  announce(instance: string): Promise<void>
  isDead(instance: string): Promise<boolean>
}

export function createLiveness(pubsub: PubSub): Liveness & { close(): void } {
  const own = new Map<string, () => void>()
  return {
    async announce(instance) {
      if (own.has(instance)) return
      own.set(
        instance,
        pubsub.listen(liveChannel(instance), () => {}),
      )
      await pubsub.listening()
    },
    isDead: async (instance) => !own.has(instance) && (await pubsub.publish(liveChannel(instance), '')) === 0,
    close() {
      for (const stop of own.values()) stop()
      own.clear()
    },
  }
}

type Look = ['absent' | 'new' | 'reused'] | ['running', instance: string] | ['replayed', answer: string]

export function createIdempotency({
  scripts,
  liveness,
  limits,
}: {
  scripts: Scripts
  liveness: Liveness
  limits: StoreLimits
}): Store['idempotency'] {
  return {
    async begin(id, key, fingerprint, instance, ttl) {
      await liveness.announce(instance)
      const mark = [instance, Math.min(ttl, RUNNING_MAX), limits.idempotencyAge]
      const look = (dead: string) => scripts.begin<Look>(id, [key, encodeURIComponent(fingerprint), dead, ...mark])
      const found = await look('')
      if (found[0] === 'running' && (await liveness.isDead(found[1]))) return begun(await look(found[1]))
      return begun(found)
    },
    async finish(id, key, fingerprint, answer) {
      const args = [key, encodeURIComponent(fingerprint), enclose(answer), limits.idempotencyAge]
      await scripts.finish(id, args)
    },
    async replace(id, key, fingerprint, answer) {
      await scripts.replaceAnswer(id, [key, encodeURIComponent(fingerprint), enclose(answer)])
    },
    async release(id, key) {
      await scripts.releaseKey(id, [key])
    },
  }
}

/** An answer of a build that this one does not know cannot be replayed, nor may the request run again. */
export function keptAnswer(text: string): StoredAnswer {
  const answer = disclose<StoredAnswer>(text)
  if (answer === undefined) throw new Problem('store-unavailable', 'The kept answer was written by another version.', { retryAfter: 2 })
  return answer
}

function begun(found: Look): Begun {
  if (found[0] === 'absent') throw sessionNotFound()
  return found[0] === 'replayed' ? { kind: 'replayed', answer: keptAnswer(found[1]) } : { kind: found[0] }
}
