/** The session in its rooms, on its owner: what is under way, and how it leaves. */
import type { StanzaJson } from '../../codec/translate.ts'
import type { Problem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import type { Change } from '../../gateway/ports/change.ts'
import { type Capabilities, wishOf } from '../own-presence.ts'
import { sealedAnew } from '../room-secrets.ts'
import { isWanted, type LeftReason, type WantedRoom, wantedRooms } from '../room-state.ts'
import { createJoins, type Joins } from './attempts.ts'
import { type CatchingUp, createCatchingUp } from './catching-up.ts'
import { left, removed, rested, taken } from './changes.ts'
import { createFates, type Fates } from './fates.ts'
import { readInfo } from './info.ts'
import { createShown, leaving } from './own-presence.ts'
import { createSilence, type Silence } from './silence.ts'
import type { Turns } from './turns.ts'
import { createWaiting, type Waiting } from './waiting.ts'

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
  /** Shows something there, under another nick where one is given; rejects with what the room says to it. */
  showIn(room: string, shown: { nick?: string; presence?: StanzaJson | undefined }, ms: number): Promise<void>
  /** who waits for a subject */
  subject: Waiting<true>
  /** the session is in it as this */
  shown(room: string, nick: string): void
  /** Shows the own presence in all of them, where it is another one, and comes back to those that rest. */
  showAll(): void
  /** Leaves them until the session is available again. */
  rest(status?: string): Promise<void>
  /** What it can do may have changed. */
  lookAgain(room: string): void
  /** what is said in a room may go, or fails, by what the room is now */
  changed(): void
  catchingUp: CatchingUp
  fates: Fates
  silence: Silence
  /** The session is online: what is not done yet is done. */
  goOn(): void
  /** A new stream, which is in no room. */
  begin(): Promise<void>
  stop(): void
}

interface MembershipContext {
  session: LiveSession
  turns: Turns
  capabilities: Capabilities
}

export function createMembership({ session, turns, capabilities }: MembershipContext): Membership {
  const onError = (error: unknown) => session.report(error, 'rooms')
  const gone = createWaiting<true>()
  const shows = createWaiting<{ nick?: string; problem?: Problem }>()
  /** the nick with which something is being shown, by room */
  const asking = new Map<string, string>()
  const shown = createShown({ session, capabilities })
  const all = () => [...session.state.all(wantedRooms)]
  const catchingUp = createCatchingUp({ session, onError })
  const fates = createFates({ session, onError })
  const silence = createSilence({ session, onLost: lost, onError })
  const joins = createJoins({ session, turns, shown, leave: depart, onJoined, onFailed: fates.look, onError })

  function onJoined(room: string): void {
    silence.heard(room)
    if (session.state.get(wantedRooms, room)?.behind) catchingUp.run(room)
    else catchingUp.note(room)
    fates.look()
  }

  async function lost(room: string): Promise<void> {
    const value = session.state.get(wantedRooms, room)
    if (value?.state !== 'joined') return
    await session.commit(left(session, room, value, { reason: 'lost' }))
    joins.start(room)
  }

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

  async function showIn(room: string, { nick, presence }: { nick?: string; presence?: StanzaJson | undefined }, ms: number): Promise<void> {
    const asked = nick ?? session.state.get(wantedRooms, room)?.nick ?? ''
    asking.set(room, asked)
    try {
      const answer = shows.wait(room, ms)
      await session.send(shown.in(room, { nick: asked, ...(presence && { presence }) }))
      const { problem } = (await answer) ?? {}
      if (problem) throw problem
    } finally {
      asking.delete(room)
    }
  }

  async function showNews(): Promise<void> {
    for (const [jid] of all()) {
      const room = session.state.get(wantedRooms, jid)
      const news = room?.state === 'joined' ? shown.news(jid, room) : undefined
      if (news) await session.send(news)
    }
  }

  async function rest(jid: string, room: WantedRoom, status?: string): Promise<void> {
    const trying = joins.trying(jid)
    joins.forget(jid)
    shown.forget(jid)
    await session.commit(rested(session, jid, room))
    if ((room.state === 'joined' || trying !== undefined) && session.online()) await session.send(leaving(jid, trying ?? room.nick, status))
  }

  function interrupt(): void {
    joins.interrupt()
    shown.forget()
    catchingUp.interrupt()
  }

  async function begin(): Promise<void> {
    interrupt()
    await Promise.all(all().map(([jid, room]) => session.commit(cutOff(session, jid, room))))
  }

  return {
    joins,
    catchingUp,
    fates,
    silence,
    begin,
    departed: (room) => gone.tell(room, true),
    showIn,
    subject: createWaiting<true>(),
    shown: (room, nick) => shows.tell(room, { nick }),
    showAll() {
      for (const [jid, room] of all()) if (room.resting) joins.start(jid)
      showNews().catch(onError)
    },
    async rest(status) {
      await Promise.all(all().map(([jid, room]) => isWanted(room) && rest(jid, room, status)))
    },
    refused(room, nick, problem) {
      const asked = asking.get(room)
      if (asked === undefined || (nick !== undefined && nick !== asked)) return false
      shows.tell(room, { problem })
      return true
    },
    lookAgain(room) {
      const look = async () => {
        const info = await readInfo(session, room)
        const value = session.state.get(wantedRooms, room)
        if (value) await session.commit({ state: [wantedRooms.put(room, { ...value, ...info })] })
      }
      look().catch(onError) // what was known of it stays
    },
    // in the turn after: what it is now is known then
    changed: () =>
      void setImmediate(() => {
        session.sendWaiting()
        fates.look()
      }),
    rejoin: (room, reason) => (reason === 'shutdown' ? joins.later(room) : joins.start(room)),
    async leave(room, status) {
      const left = depart(room, status)
      joins.forget(room)
      shown.forget(room)
      await left
      fates.look()
    },
    goOn() {
      const isHidden = wishOf(session).wanted === false
      for (const [jid, room] of all()) {
        // after a rotation of keys, by whoever has the session then
        const password = sealedAnew(session, jid, room)
        if (password) session.commit({ state: [wantedRooms.put(jid, { ...room, password })] }).catch(onError)
        if (room.resting && isHidden) continue
        if (room.state === 'leaving')
          depart(jid).catch(onError) // the next stream, or this one after a resume, brings it to an end
        else if (room.state === 'joining' || room.retried) joins.start(jid)
        else if (room.state === 'joined' && room.behind) {
          // another owner was about it
          if (room.features?.archive) catchingUp.hold(jid)
          catchingUp.run(jid)
        }
      }
    },
    stop: interrupt,
  }
}

/** What becomes of a room when the stream is gone on which the session was in it. */
function cutOff(session: LiveSession, jid: string, room: WantedRoom): Change {
  if (room.state === 'leaving') return removed(session, jid, room.before === true)
  return room.state === 'joined' ? left(session, jid, room, { reason: 'lost' }) : {}
}
