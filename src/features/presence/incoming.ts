/** What an incoming presence says: who is there, who is not, who asks to know. */
import type { Effect, Incoming, LiveSession } from '../../gateway/feature.ts'
import type { StateChange } from '../../gateway/ports.ts'
import { bare, isBare, jid } from '../../stanza/jid.ts'
import type { Translator } from '../../stanza/translate.ts'

/** ms after the initial presence within which servers repeat the requests that were not answered (RFC 6121 section 3.1.3) */
const REPEATED_WITHIN = 10_000

export function incomingPresence({ stanza }: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined {
  const from = sender(stanza.attributes.from)
  // the own presence comes back from the server
  if (from === undefined || session.isOwn(from)) return undefined
  const data = () => vocabulary.read(stanza).json
  const subject = bare(from)
  switch (stanza.attributes.type) {
    case undefined: {
      const json = data()
      return {
        events: [{ type: 'presence.available', subject, data: json, volatile: true }],
        state: [{ kind: 'presence', key: from, value: json }],
      }
    }
    case 'unavailable':
      return { events: [{ type: 'presence.unavailable', subject, data: data(), volatile: true }], state: gone(from, session) }
    case 'error':
      return {
        events: [{ type: 'presence.error', subject, data: data(), volatile: true }],
        state: [...gone(from, session), { kind: 'directed', key: from, value: null }],
      }
    case 'subscribe': {
      const known = session.state.all('requests')
      const appeared = (session.state.get('account', 'appeared') as number | undefined) ?? 0
      if (known.has(subject) && Date.now() - appeared < REPEATED_WITHIN) return undefined
      return {
        events: [{ type: 'subscription.requested', subject, data: data() }],
        state: [{ kind: 'requests', key: subject, value: true }],
      }
    }
    case 'subscribed':
      return { events: [{ type: 'subscription.approved', subject, data: data() }] }
    case 'unsubscribe':
      return {
        events: [{ type: 'subscription.cancelled', subject, data: data() }],
        state: [{ kind: 'requests', key: subject, value: null }],
      }
    case 'unsubscribed':
      return { events: [{ type: 'subscription.denied', subject, data: data() }] }
    default:
      return undefined
  }
}

/** A bare JID that is unavailable has no resource left. */
function gone(from: string, session: LiveSession): StateChange[] {
  const known = session.state.get('presence', from) !== undefined ? [from] : []
  const keys = isBare(from) ? session.state.ofAccount('presence', from) : known
  return keys.map((key) => ({ kind: 'presence', key, value: null }))
}

function sender(from: string | undefined): string | undefined {
  try {
    return from === undefined ? undefined : jid(from)
  } catch {
    return undefined
  }
}
