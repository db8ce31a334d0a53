/** What the addresses of a component show, and whom: the component does what a server does for accounts (RFC 6121 sections 3 and 4). Runs on the owner. */
import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../errors/problem.ts'
import { addressOf } from '../../gateway/component/places.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { accountOf } from '../../jid.ts'
import type { Element } from '../../xml/element.ts'
import { reparse } from '../../xml/parse.ts'
import { sendDirected, setPresence } from '../outgoing-presence.ts'
import { allShown, type Capabilities, presenceOf, showing } from './stanzas.ts'
import { changed, homeOf, type Shown, shown, subscriptions } from './subscriptions.ts'

/** ms that a caller waits for all to be told; the others are told after */
const TOLD_WITHIN = 3_000
/** ms until a stream that has too much on its way is tried again */
const ROOM_AGAIN = 100

export function componentPresence(capabilities: Capabilities) {
  /** what is being told, by address: one after the other */
  const telling = new WeakMap<LiveSession, Promise<void>>()

  /** In their order, as fast as the stream takes them. Rejects where it is lost. */
  async function say(session: LiveSession, stanzas: Iterable<Element>): Promise<void> {
    for (const stanza of stanzas) {
      for (;;) {
        try {
          await session.send(stanza)
          break
        } catch (error) {
          if (!(error instanceof Problem) || !error.retryable || !session.online()) throw error
          await delay(ROOM_AGAIN)
        }
      }
    }
  }

  /** Behind what is told of the same address already. What is not told for want of a stream is told on the next. */
  function tell(home: LiveSession, work: () => Promise<void>): Promise<void> {
    const told = (telling.get(home) ?? Promise.resolve()).then(work).catch(unlessLost)
    telling.set(home, told)
    return told
  }

  /** Tells all who may see it what an address shows. */
  async function show(home: LiveSession, address: string, value: Shown): Promise<void> {
    function* all(): Generator<Element> {
      for (const [to, { from }] of home.state.all(subscriptions)) if (from) yield showing(home, { from: address, to }, value, capabilities)
    }
    await say(home, all())
    if (value.presence === false && home.state.get(shown, address) === value) await home.commit({ state: [shown.remove(address)] })
  }

  /** Asks those whose presence an address sees; they answer whom they let see it. */
  async function probe(home: LiveSession): Promise<void> {
    function* all(): Generator<Element> {
      for (const [contact, { to }] of home.state.all(subscriptions)) if (to) yield presenceOf(home.record.jid, contact, 'probe')
    }
    await say(home, all())
  }

  async function set(session: LiveSession, { presence, status }: { presence: Shown['presence']; status?: string }): Promise<void> {
    const home = homeOf(session)
    const address = session.address!
    const before = home.state.get(shown, address)
    if (presence === false && (before === undefined || before.presence === false)) return
    await home.commit({ state: [shown.put(address, { presence, ...(status !== undefined && { status }) })] })
    if (!session.online()) return
    const told = tell(home, async () => {
      const value = home.state.get(shown, address)
      if (value) await show(home, address, value)
      if (!before) await probe(home)
    })
    await Promise.race([told, delay(TOLD_WITHIN, undefined, { ref: false })])
  }

  /** Presence for one JID; of a subscription what follows from it is kept first. */
  async function send(session: LiveSession, { xml }: { xml: string }): Promise<void> {
    const stanza = reparse(xml)
    const { to = '', type } = stanza.attributes
    const home = homeOf(session)
    const contact = accountOf(to)
    switch (type) {
      case 'subscribed':
        await home.commit({ state: [changed(home, contact, { from: true, asked: false })] })
        return await say(home, [stanza, ...allShown(home, contact, capabilities)])
      case 'unsubscribed':
        await home.commit({ state: [changed(home, contact, { from: false, asked: false })] })
        return await say(home, [presenceOf(home.record.jid, contact, 'unavailable'), stanza])
      case 'unsubscribe':
        await home.commit({ state: [changed(home, contact, { to: false })] })
        return await home.send(stanza)
      case 'subscribe':
        return await home.send(stanza)
      default:
        await session.send(stanza)
    }
  }

  /** Nobody knows on a new stream what is shown, and some may have been told nothing for long: one address after the other tells it. */
  async function online(session: LiveSession): Promise<void> {
    for (const address of shownIn(session)) {
      if (!session.online()) return
      const home = session.as!(address)
      await tell(home, async () => {
        for (const [from, value] of home.state.all(shown)) await show(home, from, value)
        await probe(home)
      })
    }
  }

  /** All go, before the stream does. */
  async function ending(session: LiveSession, { status }: { status?: string }): Promise<void> {
    const gone: Shown = { presence: false, ...(status !== undefined && { status }) }
    for (const address of shownIn(session)) {
      const home = session.as!(address)
      for (const [from, { presence }] of home.state.all(shown)) if (presence !== false) await show(home, from, gone)
    }
  }

  return { online, ending, commands: [setPresence.by(set), sendDirected.by(send)] }
}

/** bare addresses that show something */
const shownIn = ({ state }: LiveSession) => new Set([...state.all(shown).keys()].map(addressOf))

/** the next stream brings it again */
function unlessLost(error: unknown): void {
  if (!(error instanceof Problem)) throw error
}
