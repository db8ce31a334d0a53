/** A webhook that fails is tried by one at a time: of the readers of this process one may, and of all instances one has the next try. */
import type { WebhookStore } from '../gateway/ports/webhook.ts'
import type { Hook, Reader } from './hook.ts'

/** ms that a probe may hold the others off: longer than a try takes */
const WITHIN = 20_000

export interface Probing {
  /** another reader of this process does it */
  isOthers(): boolean
  /** Is the next try this reader's? Else one of another instance is under way. */
  begin(): Promise<boolean>
  /** the try is over */
  over(): Promise<void>
  /** this reader has nothing to try with any more: the next one may */
  leave(): void
}

export function createProbing({
  hook,
  reader,
  webhooks,
  who,
}: {
  hook: Hook
  reader: Reader
  webhooks: Pick<WebhookStore, 'probe' | 'probed'>
  /** the session */
  who: string
}): Probing {
  return {
    isOthers: () => hook.prober !== undefined && hook.prober !== reader,
    async begin() {
      hook.prober = reader
      return await webhooks.probe(hook.tenant, hook.id, who, WITHIN)
    },
    over: () => webhooks.probed(hook.tenant, hook.id, who).catch(() => {}), // its time ends
    leave() {
      if (hook.prober !== reader) return
      hook.prober = undefined
      for (const other of hook.readers) if (other !== reader) other.wake()
    },
  }
}
