/** Own presence: what the session shows, and to whom it was shown directly. Runs on the owner. */
import { isDeepStrictEqual } from 'node:util'
import { Problem } from '../../errors/problem.ts'
import { account, defineMember, ownPresence as keptPresence, type Wanted, type Wish } from '../../gateway/contract/account.ts'
import { directed, joined, presences } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { Change, StateChange } from '../../gateway/ports/change.ts'
import { bare, jid } from '../../jid.ts'
import { CAPS, MUC } from '../../protocol/namespaces.ts'
import { CLIENT, child, type Element, element, withChildren } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { sendDirected, setPresence } from '../outgoing-presence.ts'
import { available, type Capabilities, type Onlookers, wishOf } from '../own-presence.ts'
import { lastAppeared, requests } from './requests.ts'
import { giveUp, goodOf, KEY } from './wish.ts'

/** The capabilities that others were told last: they keep them until they are told others (XEP-0115). */
const capsTold = defineMember<string>('caps')

export function ownPresence({ capabilities, onlookers }: { capabilities: Capabilities; onlookers: Onlookers }) {
  /** `since` of what was written on the present stream */
  const shown = new WeakMap<LiveSession, number>()

  const keep = (session: LiveSession, wish: Wish, { state = [], ...more }: Pick<Change, 'state' | 'clear'> = {}) =>
    session.commit({ state: [keptPresence.put(wish), ...state], ...more })

  const toldCaps = (session: LiveSession): StateChange => capsTold.put(capabilities(session).attributes.ver ?? '')

  /** Once the server took it, it is what a later one falls back to. */
  function follow(session: LiveSession, since: number, taken: Promise<void>): void {
    shown.set(session, since)
    taken
      .then(async () => {
        const { instead, status: _, ...wish } = wishOf(session)
        if (wish.since === since && instead !== undefined) await keep(session, wish)
      })
      .catch(() => {}) // the next stream, or this one after a resume, shows it again
  }

  /** Shows what is wanted; where the server ends each stream over that, what it took before. */
  async function show(session: LiveSession): Promise<void> {
    for (;;) {
      const { wanted, since } = wishOf(session)
      if (wanted === false) return
      try {
        const { taken } = await session.repeated.write(KEY, available(session, wanted, capabilities))
        follow(session, since, taken)
        return onlookers.shown(session)
      } catch (error) {
        if (!(error instanceof Problem) || error.retryable) throw error
        await giveUp(session, error)
        session.repeated.forget(KEY)
      }
    }
  }

  /** Nobody tells an unavailable client about others, and everybody was told that it went. */
  async function go(session: LiveSession, { since, status }: Pick<Wish, 'since' | 'status'>): Promise<void> {
    await onlookers.hide(session, status)
    await session.send(element('presence', CLIENT, { type: 'unavailable' }, status ? [element('status', CLIENT, {}, [status])] : []))
    session.repeated.forget(KEY)
    await keep(session, { wanted: false, since }, { clear: [presences.name, directed.name] })
  }

  /** Runs what makes the session available, on a stream where it was not: what the archive has is not sent again as offline messages. */
  async function appearing(session: LiveSession, was: Wanted, run: () => Promise<void>): Promise<void> {
    const restored = was === false ? await session.catchUp() : undefined
    if (restored) await session.commit({ state: [appeared()] })
    try {
      await run()
    } finally {
      await restored?.()
    }
  }

  /** Shows it now, or as soon as the session is online again, and on each later stream. */
  async function set(session: LiveSession, { presence, status }: { presence: Wanted; status?: string }): Promise<void> {
    const before = wishOf(session)
    const good = goodOf(session)
    if (!isDeepStrictEqual(presence, before.wanted)) session.repeated.forget(KEY)
    const wish: Wish = { wanted: presence, since: Date.now(), instead: good, ...(presence === false && status ? { status } : {}) }
    if (!session.online()) {
      await keep(session, wish)
      // it may have come back while that was stored
      return await online(session)
    }
    if (presence === false) return await go(session, wish)
    await appearing(session, before.wanted, async () => {
      const { taken } = await session.repeated.write(KEY, available(session, presence, capabilities))
      await keep(session, wish, { state: [toldCaps(session)] })
      follow(session, wish.since, taken)
      onlookers.shown(session)
    })
  }
  /** Sends presence to one JID: directed presence, or a step of a subscription. */
  async function send(session: LiveSession, { xml }: { xml: string }): Promise<void> {
    const stanza = reparse(xml)
    const { type } = stanza.attributes
    const directed = type === undefined
    const sent = directed && !child(stanza, 'c', CAPS) ? withChildren(stanza, capabilities(session)) : stanza
    await session.send(sent)
    const state = consequences(stanza, session)
    if (state.length > 0) await session.commit({ state })
  }

  /** A new stream knows nothing of what was shown before: it shows what is wanted, or nothing. */
  async function appear(session: LiveSession): Promise<void> {
    await session.commit({ clear: [directed.name], state: [appeared(), toldCaps(session)] })
    const { wanted, since, instead } = wishOf(session)
    if (wanted !== false) return await show(session)
    if (instead === undefined) return
    await onlookers.hide(session)
    await keep(session, { wanted, since })
  }

  /** What was wished while the session was away, and what a resume shows not to have arrived. */
  async function online(session: LiveSession): Promise<void> {
    const wish = wishOf(session)
    const isShown = shown.get(session) === wish.since && session.repeated.isOnItsWay(KEY)
    if (!session.online()) return
    if (wish.instead === undefined || isShown) return await changed(session)
    if (wish.wanted === false) await go(session, wish)
    else await appearing(session, wish.instead, () => show(session))
  }

  /** Others go by what they were told that the session can do: where that is something else now, they are told so. */
  async function changed(session: LiveSession): Promise<void> {
    const told = capsTold.of(session.state.all(account))
    const now = toldCaps(session)
    if (!session.online() || told === undefined || told === now.value || wishOf(session).wanted === false) return
    await session.commit({ state: [now] })
    await show(session)
  }

  /** When the server was told last, so that repetitions are known as such. */
  const appeared = () => lastAppeared.put(Date.now())

  return { appear, online, changed, commands: [setPresence.by(set), sendDirected.by(send)] }
}

/** What is known of whom the own presence was sent to. A room is known by its own address, from the time of joining until it is left. */
function consequences(stanza: Element, { state }: LiveSession): StateChange[] {
  const { to = '', type } = stanza.attributes
  const [address, recipient] = [jid(to), bare(to)]
  const isJoined = joined(state, recipient) !== undefined
  switch (type) {
    case undefined:
      if (isJoined) return []
      return child(stanza, 'x', MUC) ? [directed.put(recipient, { muc: true, at: Date.now() })] : [directed.put(address, {})]
    case 'unavailable':
      return [directed.remove(address), ...(isJoined && address !== recipient ? [directed.remove(recipient)] : [])]
    case 'subscribed':
    case 'unsubscribed':
      return [requests.remove(recipient)]
    default:
      return []
  }
}
