/** What a presence for an address of a component says: who is there, who asks to know, and what is answered by itself. */
import type { Translator } from '../../codec/translate.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { accountOf, withoutResource } from '../../jid.ts'
import { allShown, type Capabilities, presenceOf } from './stanzas.ts'
import { changed, subscriptions } from './subscriptions.ts'

export const incomingPresence =
  (capabilities: Capabilities) =>
  ({ stanza }: Incoming, session: LiveSession, vocabulary: Translator): Effect | undefined => {
    const { from = '', type } = stanza.attributes
    if (from === '') return undefined
    const contact = accountOf(from)
    const own = session.record.jid
    const known = session.state.get(subscriptions, contact)
    const all = (to: string) => allShown(session, to, capabilities)
    const event = (name: string, more: object = {}) => ({
      ...{ type: name, subject: withoutResource(from), data: vocabulary.read(stanza).json },
      ...more,
    })
    const volatile = { volatile: true as const }
    switch (type) {
      case undefined:
        return { events: [event('presence.available', volatile)] }
      case 'unavailable':
      case 'error':
        return { events: [event(`presence.${type}`, volatile)] }
      case 'probe':
        return { replies: known?.from ? all(from) : [presenceOf(own, contact, 'unsubscribed')] }
      case 'subscribe':
        // asked for again: by a server that does not know any more that it was answered, or not yet
        if (known?.from) return { replies: [presenceOf(own, contact, 'subscribed'), ...all(contact)] }
        if (known?.asked) return undefined
        return { events: [event('subscription.requested')], state: [changed(session, contact, { asked: true })] }
      case 'unsubscribe':
        return {
          replies: [presenceOf(own, contact, 'unavailable'), presenceOf(own, contact, 'unsubscribed')],
          ...((known?.from || known?.asked) && {
            events: [event('subscription.cancelled')],
            state: [changed(session, contact, { from: false, asked: false })],
          }),
        }
      case 'subscribed':
        return { events: [event('subscription.approved')], state: [changed(session, contact, { to: true })] }
      case 'unsubscribed':
        return { events: [event('subscription.denied')], state: [changed(session, contact, { to: false })] }
      default:
        return undefined
    }
  }
