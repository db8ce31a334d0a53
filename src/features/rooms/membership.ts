/** The session in its rooms, on its owner: what is under way, and how it leaves. */
import type { Problem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { Change } from '../../gateway/ports/change.ts'
import { type LeftReason, type WantedRoom, wantedRooms } from '../room-state.ts'
import { createJoins, type Joins } from './attempts.ts'
import { left, removed, taken } from './changes.ts'
import { type Capabilities, leaving } from './own-presence.ts'
import { createWaiting } from './waiting.ts'

/** ms for a room to say that the session has left it */
const LEAVE_WITHIN = 5_000

export interface Membership {
  joins: Joins
  /** Leaves it, and wants it no longer; resolves when the room has said so, or a while passed. */
  leave(room: string, status?: string): Promise<void>
  /** the room said that the session has left */
  departed(room: string): void
  /** The session is not in it any more, and comes back. */
  rejoin(room: string, reason: LeftReason): void
  /** Somebody waits for the room to take a nick; true where this is the answer. */
  refused(room: string, nick: string | undefined, problem: Problem): boolean
  /** The session is online: what is not done yet is done. */
  goOn(): void
  /** A new stream, which is in no room. */
  begin(): Promise<void>
  stop(): void
}

export function createMembership({ session, capabilities }: { session: LiveSession; capabilities: Capabilities }): Membership {
  const gone = createWaiting<true>()
  const all = () => [...session.state.all(wantedRooms)]
  const joins = createJoins({ session, capabilities, leave: depart, onJoined: () => {}, onError: () => {} })

  async function depart(room: string, status?: string): Promise<void> {
    const value = session.state.get(wantedRooms, room)
    if (value === undefined) return
    const trying = joins.trying(room)
    const isIn = value.state === 'joined' || value.state === 'leaving' || trying !== undefined
    if (!isIn) return void (await session.commit(removed(session, room, false)))
    const nick = trying ?? value.nick
    const { retried: _, ...rest } = taken(value)
    await session.commit({ state: [wantedRooms.put(room, { ...rest, nick, state: 'leaving' })] })
    // it is told when the session is back
    if (!session.online()) return
    const left = gone.wait(room, LEAVE_WITHIN)
    await session.send(leaving(room, nick, status))
    await left
    await session.settled()
    if (session.state.get(wantedRooms, room)?.state === 'leaving') await session.commit(removed(session, room, value.before === true))
  }

  async function begin(): Promise<void> {
    joins.interrupt()
    await Promise.all(all().map(([jid, room]) => session.commit(cutOff(session, jid, room))))
  }

  return {
    joins,
    begin,
    departed: (room) => gone.tell(room, true),
    rejoin: (room, reason) => (reason === 'shutdown' ? joins.later(room) : joins.start(room)),
    refused: () => false,
    async leave(room, status) {
      const left = depart(room, status)
      joins.forget(room)
      await left
    },
    goOn() {
      for (const [jid, room] of all()) {
        if (room.state === 'leaving')
          depart(jid).catch(() => {}) // the next stream, or this one after a resume, brings it to an end
        else if (room.state === 'joining' || room.retried) joins.start(jid)
      }
    },
    stop: joins.interrupt,
  }
}

/** What becomes of a room when the stream is gone on which the session was in it. */
function cutOff(session: LiveSession, jid: string, room: WantedRoom): Change {
  if (room.state === 'leaving') return removed(session, jid, room.before === true)
  return room.state === 'joined' ? left(session, jid, room, { reason: 'lost' }) : {}
}
