import { setImmediate as turn } from 'node:timers/promises'
import type { Element } from '../stanza/element.ts'
import { comparable, withoutResource } from '../stanza/jid.ts'
import type { LiveSession } from './feature.ts'

/** ms after a new bind within which servers send the presence of all contacts */
const WITHIN = 10_000
/** who is told as gone in one go */
const SLICE = 200

/**
 * A new stream brings the presence of those who are there, and no word about those who left meanwhile: who was there
 * before and is not seen again in time is told as unavailable.
 */
export function createResync({
  session,
  online,
  onError,
}: {
  session: LiveSession
  online: () => boolean
  onError: (error: unknown) => void
}) {
  let unseen = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  async function end(): Promise<void> {
    const missing = unseen
    const known = session.state.all('presence')
    // as its sender wrote it
    const nameOf = (key: string) => (known.get(key) as { from?: string } | undefined)?.from ?? key
    // a new bind begins anew
    while (missing.size > 0 && missing === unseen) {
      const gone = take(missing, SLICE)
      await session.commit({
        events: gone.map(nameOf).map((from) => ({
          type: 'presence.unavailable',
          subject: withoutResource(from),
          volatile: true,
          data: { from, type: 'unavailable', source: 'resync' },
        })),
        state: gone.map((key) => ({ kind: 'presence', key, value: null })),
      })
      await turn()
    }
  }

  function wait(): void {
    clearTimeout(timer)
    // what a cut stream did not bring may come when it is resumed
    timer = setTimeout(() => (online() ? void end().catch(onError) : wait()), WITHIN)
  }

  return {
    start() {
      unseen = new Set(session.state.all('presence').keys())
      wait()
    },
    resumed() {
      if (unseen.size > 0) wait()
    },
    seen(presence: Element) {
      if (unseen.size > 0) unseen.delete(comparable(presence.attributes.from ?? ''))
    },
    stop() {
      clearTimeout(timer)
    },
  }
}

function take<Item>(from: Set<Item>, most: number): Item[] {
  const taken: Item[] = []
  for (const item of from) {
    if (taken.length >= most) break
    taken.push(item)
    from.delete(item)
  }
  return taken
}
