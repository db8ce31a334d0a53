/** The rooms that the bookmarks of the account say are joined, and left when they do not say so any more (XEP-0402 section 4). */
import { Problem } from '../../errors/problem.ts'
import type { Effect, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { isOfAccount } from '../../gateway/inbound/provenance.ts'
import type { StateChange } from '../../gateway/ports/change.ts'
import { jidIfValid } from '../../jid.ts'
import { BOOKMARKS, PUBSUB_EVENT } from '../../protocol/namespaces.ts'
import { child, type Element, elements } from '../../xml/element.ts'
import { type Bookmark, bookmarks, type RoomWishes } from '../bookmark-state.ts'
import { isWanted, wantedRooms } from '../room-state.ts'
import { entryOf, type ReadBookmark, readBookmarks } from './node.ts'

export interface Following {
  isAbout(incoming: Incoming, session: LiveSession): boolean
  told(incoming: Incoming, session: LiveSession): Effect
  /** Reads them anew. */
  read(session: LiveSession): Promise<void>
}

export function createFollowing({ want, leave }: RoomWishes): Following {
  /** What it comes to is done after; what cannot be done shows in the room, or when the session is back. */
  function follow(session: LiveSession, room: string, before: Bookmark | undefined, now: ReadBookmark | undefined): StateChange[] {
    const known = session.state.get(wantedRooms, room)
    const wanted = isWanted(known)
    const { nick = localPart(session.record.jid), password } = now ?? {}
    const isNews = before?.autojoin !== true
    if (now?.autojoin && !wanted && (isNews || before.left !== true))
      later(session, () => want(session, room, { nick, ...(password !== undefined && { password }) }))
    if (!now?.autojoin && before?.autojoin && wanted) later(session, () => leave(session, room))
    if (now === undefined) return [bookmarks.remove(room)]
    // the server has it
    const { password: _, ...kept } = now
    return [bookmarks.put(room, { ...kept, ...(!isNews && before.left && now.autojoin && { left: true }) })]
  }

  return {
    isAbout: ({ stanza, archive }, session) =>
      session.record.bookmarks === true && archive === undefined && isOfAccount(stanza, session.record.jid) && change(stanza) !== undefined,

    told({ stanza }, session) {
      const what = change(stanza)
      if (what === undefined) return {}
      const known = session.state.all(bookmarks)
      const gone =
        what === 'all'
          ? [...known.keys()]
          : what.flatMap((one) => (one.name === 'retract' ? (jidIfValid(one.attributes.id ?? '') ?? []) : []))
      const changed = what === 'all' ? [] : what.flatMap((item) => entryOf(item) ?? [])
      return {
        state: [
          ...gone.flatMap((room) => follow(session, room, known.get(room), undefined)),
          ...changed.flatMap(([room, bookmark]) => follow(session, room, known.get(room), bookmark)),
        ],
      }
    },

    async read(session) {
      if (session.record.bookmarks !== true) return
      const now = await readBookmarks(session).catch(unlessProblem)
      if (now === undefined) return
      const known = new Map(session.state.all(bookmarks))
      const state = [...new Set([...known.keys(), ...now.keys()])].flatMap((room) => follow(session, room, known.get(room), now.get(room)))
      if (state.length > 0) await session.commit({ state })
    },
  }
}

/** Items that came or went; `all` where the node was emptied or removed. */
function change(stanza: Element): readonly Element[] | 'all' | undefined {
  const event = stanza.name === 'message' && stanza.attributes.type !== 'error' ? child(stanza, 'event', PUBSUB_EVENT) : undefined
  const what = event && elements(event).find(({ attributes }) => attributes.node === BOOKMARKS)
  if (what?.name === 'purge' || what?.name === 'delete') return 'all'
  return what?.name === 'items' ? elements(what) : undefined
}

const later = (session: LiveSession, run: () => Promise<void>) =>
  void setImmediate(() => void run().catch((error) => session.report(error, 'bookmarks')))

const localPart = (jid: string) => jid.slice(0, Math.max(jid.indexOf('@'), 0)) || jid

/** Without them the session is in the rooms that it knows. */
function unlessProblem(thrown: unknown): undefined {
  if (!(thrown instanceof Problem)) throw thrown
}
