/** Own presence: what the session shows, and to whom it was shown directly. Runs on the owner. */
import type { Command, LiveSession } from '../../gateway/feature.ts'
import type { StateChange } from '../../gateway/ports.ts'
import { CLIENT, child, type Element, element, withChildren } from '../../stanza/element.ts'
import { bare, jid } from '../../stanza/jid.ts'
import { reparse } from '../../stanza/parse.ts'
import type { StanzaJson } from '../../stanza/translate.ts'
import { capabilities } from '../system/disco.ts'

const MUC = 'http://jabber.org/protocol/muc'

/** Content of the own presence as it is wanted; false: unavailable. */
type Wanted = StanzaJson | false

export function ownPresence(supported: readonly string[]) {
  function available(session: LiveSession, wanted: StanzaJson): Element {
    const presence = session.vocabulary.write('presence', wanted)
    const told = child(presence, 'c', 'http://jabber.org/protocol/caps')
    return told ? presence : withChildren(presence, capabilities([...supported, ...session.record.handles]))
  }

  /** Sends the own presence and keeps it, so that a later stream shows the same. */
  const set: Command = async (session, { presence, status }: { presence: Wanted; status?: string }) => {
    const goodbye = () => element('presence', CLIENT, { type: 'unavailable' }, status ? [element('status', CLIENT, {}, [status])] : [])
    let restored: (() => Promise<void>) | undefined
    if (presence !== false && wanted(session) === false) {
      // what the archive has is not sent again as offline messages
      restored = await session.catchUp()
      await session.commit({ state: [appeared()] })
    }
    try {
      await session.send(presence === false ? goodbye() : available(session, presence))
      await session.commit({
        state: [{ kind: 'account', key: 'presence', value: { wanted: presence, since: Date.now() } }],
        // nobody tells an unavailable client about others, and everybody was told that it went
        ...(presence === false ? { clear: ['presence', 'directed'] } : {}),
      })
    } finally {
      await restored?.()
    }
  }

  /** Sends presence to one JID: directed presence, or a step of a subscription. */
  const send: Command = async (session, { xml }: { xml: string }) => {
    const stanza = reparse(xml)
    const { to = '', type } = stanza.attributes
    const directed = type === undefined
    const sent = directed && !child(stanza, 'c', 'http://jabber.org/protocol/caps') ? withChildren(stanza, caps(session)) : stanza
    await session.send(sent)
    const state: StateChange[] = []
    if (directed) state.push({ kind: 'directed', key: jid(to), value: child(stanza, 'x', MUC) ? { muc: true } : {} })
    if (type === 'unavailable') state.push({ kind: 'directed', key: jid(to), value: null })
    if (type === 'subscribed' || type === 'unsubscribed') state.push({ kind: 'requests', key: bare(to), value: null })
    if (state.length > 0) await session.commit({ state })
  }

  const caps = (session: LiveSession) => capabilities([...supported, ...session.record.handles])

  /** A new stream knows nothing of what was shown before: it shows what is wanted, or nothing. */
  async function appear(session: LiveSession): Promise<void> {
    await session.commit({ clear: ['directed'], state: [appeared()] })
    const presence = wanted(session)
    if (presence !== false) await session.send(available(session, presence))
  }

  /** When the server was told last, so that repetitions are known as such. */
  const appeared = () => ({ kind: 'account', key: 'appeared', value: Date.now() })

  function wanted(session: LiveSession): Wanted {
    const kept = session.state.get('account', 'presence') as { wanted: Wanted } | undefined
    return kept ? kept.wanted : session.record.presence
  }

  return { appear, commands: { 'presence.set': set, 'presence.send': send } }
}
