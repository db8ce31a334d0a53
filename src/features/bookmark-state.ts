/** Bookmarks of rooms that the account keeps on its server (XEP-0402), as far as the session knows them. */
import { defineCommand, type LiveSession } from '../gateway/contract/session.ts'
import { defineKind } from '../gateway/contract/state-kind.ts'

export interface Bookmark {
  autojoin: boolean
  nick?: string
  /** the session left the room, and the bookmark was to stay as it is */
  left?: true
}

/** By the address of the room. Of a session that does not follow them, those that it made itself. */
export const bookmarks = defineKind<Bookmark>({ name: 'bookmarks', bound: 'bookmarks', entries: 1_000, size: 512 * 1024 })

/** Bookmarks a room, to be joined by all clients of the account that follow bookmarks. */
export const putBookmark = defineCommand<{ room: string; nick: string; password?: string }>({ name: 'bookmarks.put' })

/** The room is left. `keep`: what is bookmarked stays so for others. */
export const dropBookmark = defineCommand<{ room: string; keep: boolean }>({ name: 'bookmarks.drop' })

/** How rooms are come into and left, for what says which ones. */
export interface RoomWishes {
  want(session: LiveSession, room: string, wish: { nick: string; password?: string }): Promise<void>
  leave(session: LiveSession, room: string): Promise<void>
}
