/** What the session shows a room: that it comes, what it is there, and that it goes. */
import type { LiveSession } from '../../gateway/contract/session.ts'
import { CAPS, MUC } from '../../protocol/namespaces.ts'
import { CLIENT, child, type Element, element, withAttributes, withChildren } from '../../xml/element.ts'
import type { WantedRoom } from '../room-state.ts'

/** What the own presence says that the gateway can do. */
export type Capabilities = (session: LiveSession) => Element

/** Shows something in a room that it is in. */
export function showing(
  session: LiveSession,
  to: string,
  { presence = {} }: Pick<WantedRoom, 'presence'>,
  capabilities: Capabilities,
): Element {
  const shown = withAttributes(session.vocabulary.write('presence', presence), { to })
  return child(shown, 'c', CAPS) ? shown : withChildren(shown, capabilities(session))
}

/** Always with that element: without it some services take it for a mere change of presence. */
export function joining(shown: Element, { password, history, before }: WantedRoom, hasArchive: boolean): Element {
  const x = element('x', MUC, {}, [
    element('history', MUC, historyOf(before ? undefined : history, before === true && !hasArchive)),
    password === undefined ? undefined : element('password', MUC, {}, [password]),
  ])
  return withChildren(shown, x)
}

/** Nothing that was not asked for: nobody wants to be told again what was said before. `all`: what the room keeps is all there is of what was missed. */
function historyOf(history: WantedRoom['history'], all: boolean): Record<string, string> {
  if (history?.since !== undefined) return { since: history.since }
  if (history?.stanzas !== undefined) return { maxstanzas: String(history.stanzas) }
  return all ? {} : { maxchars: '0', maxstanzas: '0' }
}

export const leaving = (room: string, nick: string, status?: string): Element =>
  element('presence', CLIENT, { to: `${room}/${nick}`, type: 'unavailable' }, [
    status === undefined ? undefined : element('status', CLIENT, {}, [status]),
  ])
