import type { Wanted } from '../gateway/contract/account.ts'
import type { Answer } from '../gateway/contract/operation.ts'
import { defineCommand, type SessionHandle } from '../gateway/contract/session.ts'
import { newId } from '../gateway/ids.ts'
import { bare, jid } from '../jid.ts'
import { type Element, withAttributes } from '../xml/element.ts'
import { withinLimit } from './outgoing-message.ts'

/** ms that a write to the wire may take */
export const WRITE_WITHIN = 5_000

export const subscriptions = ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed'] as const

/** Shows something else, or nothing. `status`: a last word before it is unavailable. */
export const setPresence = defineCommand<{ presence: Wanted; status?: string }>({ name: 'presence.set', whileAway: true })

/** Sends presence to one JID. */
export const sendDirected = defineCommand<{ xml: string }>({ name: 'presence.send' })

/** Sends presence to one JID; subscriptions are between accounts, so theirs is the bare one (RFC 6121 section 3.1.1). */
export async function sendPresence(
  presence: Element,
  { session, signal, limit }: { session: SessionHandle; signal: AbortSignal; limit: number },
): Promise<Answer> {
  const { type, id = newId('prs') } = presence.attributes
  const address = jid(presence.attributes.to ?? '', 'body.to')
  const to = subscriptions.some((one) => one === type) ? bare(address) : address
  const xml = withinLimit(withAttributes(presence, { id, to }), limit)
  await session.perform(sendDirected, { xml }, { timeout: WRITE_WITHIN, signal })
  return { status: 202, body: { id } }
}
