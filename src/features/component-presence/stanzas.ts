/** What the addresses of a component say of their presence. */
import type { LiveSession } from '../../gateway/contract/session.ts'
import { CAPS } from '../../protocol/namespaces.ts'
import { CLIENT, child, type Element, element, withAttributes, withChildren } from '../../xml/element.ts'
import { type Shown, shown } from './subscriptions.ts'

/** What a presence says that the gateway can do. */
export type Capabilities = (session: LiveSession) => Element

export const presenceOf = (from: string, to: string, type: string): Element => element('presence', CLIENT, { from, to, type })

/** What an address shows, to somebody. */
export function showing(
  session: LiveSession,
  { from, to }: { from: string; to: string },
  { presence, status }: Shown,
  capabilities: Capabilities,
): Element {
  if (presence === false) {
    const said = status === undefined ? [] : [element('status', CLIENT, {}, [status])]
    return element('presence', CLIENT, { from, to, type: 'unavailable' }, said)
  }
  const stanza = withAttributes(session.vocabulary.write('presence', presence), { from, to })
  return child(stanza, 'c', CAPS) ? stanza : withChildren(stanza, capabilities(session))
}

/** All that an address with all its resources shows; where that is nothing, that it is unavailable. */
export function allShown(home: LiveSession, to: string, capabilities: Capabilities): Element[] {
  const all = [...home.state.all(shown)].filter(([, { presence }]) => presence !== false)
  if (all.length === 0) return [presenceOf(home.record.jid, to, 'unavailable')]
  return all.map(([from, value]) => showing(home, { from, to }, value, capabilities))
}
