/** The roster as it is read at a new bind: however long it is, nobody else waits for it. */
import { setImmediate as turn } from 'node:timers/promises'
import { elementOf } from '../../codec/alone.ts'
import { Problem } from '../../errors/problem.ts'
import { account } from '../../gateway/contract/account.ts'
import { contacts } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { ROSTER } from '../../protocol/namespaces.ts'
import { rosterQuery } from '../../protocol/rfc6121-roster.ts'
import { child, type Element, elements } from '../../xml/element.ts'
import { rosterVersion } from '../roster-version.ts'
import { changesOf, readItems } from './contact.ts'

const VERSIONING = 'urn:xmpp:features:rosterver'
/** ms that the server may take for the roster, and longer where it is on its way still */
const READ_WITHIN = { timeout: 60_000, most: 600_000 }
/** bytes of a roster, as XML */
const MOST = 16 * 1024 * 1024
/** contacts that are read, and kept, in one go */
const SLICE = 250

/** JIDs that the server told of while the roster was read: what it told of them is newer. */
export type Pushed = ReadonlySet<string>

/** Reads the roster, by version where the server has that (RFC 6121 section 2.6): then changes come as pushes. */
export async function readRoster(session: LiveSession, pushed: Pushed): Promise<void> {
  const kept = rosterVersion.of(session.state.all(account))
  // of one that was forgotten all is asked for
  const known = session.state.all(contacts).size > 0
  const ver = session.features.includes(VERSIONING) ? (known ? (kept?.ver ?? '') : '') : undefined
  const payload = elementOf(rosterQuery, ver === undefined ? {} : { version: ver })
  await session.large(MOST, async (room) => {
    const answer = await session.iq({ type: 'get', payload }, { ...READ_WITHIN, room })
    const query = child(answer, 'query', ROSTER)
    // an empty result: what the session has is what the server has (RFC 6121 section 2.6.3)
    if (!query && kept && ver !== undefined) return
    if (!query) throw new Problem('xmpp-undefined-condition', 'The server gave no roster.')
    await take(query, { session, pushed, isNews: kept !== undefined })
  })
}

/** Nothing changed where nothing was known before: then it is no news. */
async function take(query: Element, { session, pushed, isNews }: { session: LiveSession; pushed: Pushed; isNews: boolean }): Promise<void> {
  const present = new Set<string>()
  for (const items of slices(elements(query))) {
    const { contacts } = readItems(items)
    for (const { jid } of contacts) present.add(jid)
    await keep({ contacts: contacts.filter(({ jid }) => !pushed.has(jid)), removed: [] }, [])
  }
  const gone = [...session.state.all(contacts).keys()].filter((jid) => !present.has(jid))
  for (const removed of slices(gone)) await keep({ contacts: [], removed: removed.filter((jid) => !pushed.has(jid)) }, [])
  const known = session.state.all(contacts)
  for (const jid of present) if (!known.has(jid) && !pushed.has(jid)) throw new Problem('stanza-too-large', 'It is more than what is kept.')
  await keep({ contacts: [], removed: [] }, [versionOf(query.attributes.ver)])

  async function keep(roster: Parameters<typeof changesOf>[0], more: StateChange[]): Promise<void> {
    const { state, events } = changesOf(roster, session.state.all(contacts))
    if (state.length + more.length > 0) await session.commit({ state: [...state, ...more], events: isNews ? events : [] })
    await turn()
  }
}

export const versionOf = (ver: string | undefined): StateChange => rosterVersion.put(ver === undefined ? {} : { ver })

function* slices<Item>(all: readonly Item[]): Iterable<Item[]> {
  for (let from = 0; from < all.length; from += SLICE) yield all.slice(from, from + SLICE)
}
