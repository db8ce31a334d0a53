import type { Feature } from '../../gateway/contract/feature.ts'
import { dropBookmark, bookmarks as known, putBookmark, type RoomWishes } from '../bookmark-state.ts'
import { createFollowing } from './following.ts'
import { publish, retract } from './node.ts'

/** Rooms that the account has bookmarked (XEP-0402): made here, and followed by sessions that want it. */
export function bookmarks(wishes: RoomWishes): Feature {
  const following = createFollowing(wishes)
  return {
    name: 'bookmarks',
    keeps: [known],
    commands: [
      putBookmark.by(async (session, { room, ...wish }) => {
        await publish(session, room, wish)
        await session.commit({ state: [known.put(room, { autojoin: true, nick: wish.nick })] })
      }),
      dropBookmark.by(async (session, { room, keep }) => {
        const bookmark = session.state.get(known, room)
        if (keep) return void (bookmark && (await session.commit({ state: [known.put(room, { ...bookmark, left: true })] })))
        if (bookmark) await retract(session, room)
        await session.commit({ state: [known.remove(room)] })
      }),
    ],
    claims: following.isAbout,
    message: (incoming, session) => (following.isAbout(incoming, session) ? following.told(incoming, session) : undefined),
    appear: following.read,
    changed: following.read,
  }
}
