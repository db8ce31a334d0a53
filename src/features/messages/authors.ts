import type { LiveSession } from '../../gateway/feature.ts'
import type { StateChange } from '../../gateway/ports.ts'
import { child, type Element, elements } from '../../stanza/element.ts'
import { bare } from '../../stanza/jid.ts'

const IDS = 'urn:xmpp:sid:0'
const KIND = 'authors'
/** messages of a session whose authors are remembered */
const REMEMBERED = 200

/** Whoever a message counts as written by: the account, in a room the occupant. Undefined for a sender that is no JID. */
export function authorOf({ attributes: { from, type } }: Element, own: string): string | undefined {
  if (from === undefined) return own
  try {
    return type === 'groupchat' ? from : bare(from)
  } catch {
    return undefined
  }
}

/** Remembers who wrote a message, so that nobody else can correct or retract it; the oldest is forgotten. */
export function remember(message: Element, session: LiveSession): StateChange[] {
  const author = authorOf(message, session.record.jid)
  if (author === undefined) return []
  const known = session.state.all(KIND)
  const ids = idsOf(message).filter((id) => !written(known.get(id)).includes(author))
  const changes: StateChange[] = ids.map((key) => ({ kind: KIND, key, value: [...written(known.get(key)).slice(-3), author] }))
  const surplus = known.size + ids.filter((id) => !known.has(id)).length - REMEMBERED
  for (const key of known.keys()) {
    if (changes.length >= ids.length + surplus) break
    if (!ids.includes(key)) changes.push({ kind: KIND, key, value: null })
  }
  return changes
}

/** Does a correction or retraction of the message `id` come from its author, as far as that is known? */
export async function isByAuthor(message: Element, id: string, session: LiveSession): Promise<boolean> {
  const own = session.record.jid
  const author = authorOf(message, own)
  if (author === undefined) return false
  const inRoom = message.attributes.type === 'groupchat'
  // a room itself retracts for its moderators (XEP-0425)
  if (inRoom && author === bare(author)) return true
  const known = written(session.state.get(KIND, id))
  if (known.includes(author)) return true
  if (inRoom) return known.length === 0
  const ours = await session.message(id)
  return ours ? author === own : known.length === 0
}

/** The ids by which others name a message: its author's, and in a room the room's (XEP-0359). */
function idsOf(message: Element): string[] {
  const { id, type } = message.attributes
  const own = id ?? child(message, 'origin-id', IDS)?.attributes.id
  const room =
    type === 'groupchat' ? elements(message).find(({ name, xmlns }) => name === 'stanza-id' && xmlns === IDS)?.attributes.id : undefined
  return [own, room].filter((one) => one !== undefined)
}

function written(value: unknown): string[] {
  return Array.isArray(value) ? (value as string[]) : []
}
