import type { Element } from '../stanza/element.ts'
import { bare, jid as normalised } from '../stanza/jid.ts'
import type { LiveSession } from './feature.ts'

/** ms after a new bind within which servers send the presence of all contacts */
const WITHIN = 10_000

/**
 * A new stream brings the presence of those who are there, and no word about those who left meanwhile: who was there
 * before and is not seen again in time is told as unavailable.
 */
export function createResync({ session, onError }: { session: LiveSession; onError: (error: unknown) => void }) {
  let unseen = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function end(): void {
    const gone = [...unseen]
    unseen = new Set()
    if (gone.length === 0) return
    session
      .commit({
        events: gone.map((from) => ({
          type: 'presence.unavailable',
          subject: bare(from),
          volatile: true,
          data: { from, type: 'unavailable', source: 'resync' },
        })),
        state: gone.map((key) => ({ kind: 'presence', key, value: null })),
      })
      .catch(onError)
  }

  return {
    start() {
      clearTimeout(timer)
      unseen = new Set(session.state.all('presence').keys())
      timer = setTimeout(end, WITHIN)
    },
    seen(presence: Element) {
      if (unseen.size === 0 || presence.attributes.from === undefined) return
      try {
        unseen.delete(normalised(presence.attributes.from))
      } catch {
        // a sender that is no JID was never in the set
      }
    },
    stop() {
      clearTimeout(timer)
    },
  }
}
