/** What a session shows of itself: to those who are subscribed to it, and in each room that it is in. */
import type { StanzaJson } from '../codec/translate.ts'
import { account, avatarHash, ownPresence, type Wish } from '../gateway/contract/account.ts'
import type { LiveSession } from '../gateway/contract/session.ts'
import { CAPS, VCARD_UPDATE } from '../protocol/namespaces.ts'
import { child, type Element, element, withChildren } from '../xml/element.ts'

/** What the own presence says that the gateway can do. */
export type Capabilities = (session: LiveSession) => Element

/** Who is shown the own presence beside its subscribers: a server sends it to them alone (RFC 6121 section 4.4.2). */
export interface Onlookers {
  /** It is available, or shows something else. */
  shown(session: LiveSession): void
  /** It is about to be unavailable. */
  hide(session: LiveSession, status?: string): Promise<void>
}

/** As it was made unless it was changed. */
export function wishOf(session: LiveSession): Wish {
  return ownPresence.of(session.state.all(account)) ?? { wanted: session.record.presence, since: session.record.createdAt }
}

/** An available presence with what goes into all of them: capabilities, and the hash of the avatar (XEP-0153). */
export function available(session: LiveSession, content: StanzaJson, capabilities: Capabilities): Element {
  const presence = session.vocabulary.write('presence', content)
  const avatar = child(presence, 'x', VCARD_UPDATE) ? undefined : avatarHash.of(session.state.all(account))
  const photo = avatar === undefined ? [] : [element('x', VCARD_UPDATE, {}, [element('photo', VCARD_UPDATE, {}, [avatar])])]
  return withChildren(presence, ...(child(presence, 'c', CAPS) ? [] : [capabilities(session)]), ...photo)
}
