/** What the session shows a room: that it comes, what it is there, and that it goes. */
import type { LiveSession } from '../../gateway/contract/session.ts'
import { MUC } from '../../protocol/namespaces.ts'
import { CLIENT, type Element, element, withAttributes, withChildren } from '../../xml/element.ts'
import { serialize } from '../../xml/serialize.ts'
import { available, type Capabilities, wishOf } from '../own-presence.ts'
import type { WantedRoom } from '../room-state.ts'

export interface Shown {
  /** What it shows in a room: the same as everywhere, unless it has another presence there. */
  in(room: string, there: Pick<WantedRoom, 'nick' | 'presence'>): Element
  /** The same, undefined where that is what the room was shown last. */
  news(room: string, there: Pick<WantedRoom, 'nick' | 'presence'>): Element | undefined
  /** the session is not in it any more; without a room, in none */
  forget(room?: string): void
}

/** What a session shows in its rooms. */
export function createShown({ session, capabilities }: { session: LiveSession; capabilities: Capabilities }): Shown {
  /** by room */
  const last = new Map<string, string>()

  function presenceIn(room: string, { nick, presence = wishOf(session).wanted || {} }: Pick<WantedRoom, 'nick' | 'presence'>) {
    const stanza = withAttributes(available(session, presence, capabilities), { to: `${room}/${nick}` })
    return { stanza, xml: serialize(stanza) }
  }

  function show(room: string, { stanza, xml }: ReturnType<typeof presenceIn>): Element {
    last.set(room, xml)
    return stanza
  }

  return {
    in: (room, there) => show(room, presenceIn(room, there)),
    news(room, there) {
      const now = presenceIn(room, there)
      return last.get(room) === now.xml ? undefined : show(room, now)
    },
    forget(room) {
      if (room === undefined) last.clear()
      else last.delete(room)
    },
  }
}

/** Always with that element: without it some services take it for a mere change of presence. */
export function joining(
  shown: Element,
  { history, before }: Pick<WantedRoom, 'history' | 'before'>,
  { password, hasArchive }: { password: string | undefined; hasArchive: boolean },
): Element {
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
