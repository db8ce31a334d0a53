import type { Translator } from '../../codec/translate.ts'
import type { Effect, Feature, Incoming } from '../../gateway/contract/feature.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { MUC, OCCUPANT_ID } from '../../protocol/namespaces.ts'
import type { RoomWishes } from '../bookmark-state.ts'
import type { Capabilities, Onlookers } from '../own-presence.ts'
import { occupants, roomMarks, roomOf, wantedRooms } from '../room-state.ts'
import { roomEvents } from './events.ts'
import { mayGo } from './gate.ts'
import { historyCommand, historyOperation } from './history.ts'
import { join, joinRoom } from './join.ts'
import { createMembership, type Membership } from './membership.ts'
import { aboutRoom, isAboutRoom, isBounce, isHeld, markOf } from './message.ts'
import { occupantsOperation } from './occupants.ts'
import { leaveRoom, roomOperations } from './operations.ts'
import { isOfRoom, roomPresence } from './presence.ts'
import { createTurns, type Turns } from './turns.ts'
import { awaitSubject, change, changeRoom, subjectIs, updateOperation } from './update.ts'

/** what rooms can do for others to see */
export const ofRooms = [MUC, OCCUPANT_ID]

/** ms between two looks at which services have been silent for long */
const LOOK = 60_000

/** Rooms that the session is in and stays in (XEP-0045). `capabilities`: what its presence there says that the gateway can do. */
export function rooms(capabilities: Capabilities): Feature & { wishes: RoomWishes; onlookers: Onlookers } {
  const memberships = new Map<LiveSession, Membership>()
  const ofComponents = new WeakMap<NonNullable<LiveSession['as']>, Turns>()
  let looking: NodeJS.Timeout | undefined

  /** One look for all sessions: those without rooms have no part in it. */
  function look(): void {
    for (const { silence } of memberships.values()) silence.look()
  }

  function members(session: LiveSession): Membership {
    const known = memberships.get(session) ?? createMembership({ session, turns: turnsOf(session), capabilities })
    memberships.set(session, known)
    looking ??= setInterval(look, LOOK).unref()
    return known
  }

  /** The addresses of a component, which have one stream, take turns with each other. */
  function turnsOf({ as }: LiveSession): Turns {
    if (as === undefined) return createTurns()
    const known = ofComponents.get(as) ?? createTurns()
    ofComponents.set(as, known)
    return known
  }

  /** of a session that has rooms */
  const known = (session: LiveSession) => (session.state.all(wantedRooms).size > 0 ? members(session) : undefined)

  async function message(incoming: Incoming, session: LiveSession, vocabulary: Translator): Promise<Effect | undefined> {
    const of = known(session)
    if (of === undefined) return undefined
    const { stanza } = incoming
    const found = roomOf(session.state, stanza.attributes.from ?? '')
    if (found === undefined) return undefined
    of.silence.heard(found.jid)
    if (isHeld(incoming, session, of)) return void of.catchingUp.keep(found.jid, stanza)
    const bounced = isBounce(incoming, session)
    if (bounced !== undefined) of.silence.check(bounced)
    const mark = markOf(incoming, session, of)
    const effect = isAboutRoom(incoming, session) ? await aboutRoom(incoming, session, vocabulary, of) : undefined
    return { ...effect, state: [...(effect?.state ?? []), ...mark] }
  }

  return {
    name: 'rooms',
    wishes: {
      want: async (session, room, wish) => void (await join(session, members(session), { room, wait: 0, ...wish })),
      leave: (session, room) => members(session).leave(room),
    },
    onlookers: {
      shown: (session) => known(session)?.showAll(),
      hide: async (session, status) => await known(session)?.rest(status),
    },
    operations: (context) => [...roomOperations(), updateOperation(context), occupantsOperation(), historyOperation(context)],
    events: () => [...roomEvents],
    commands: [
      joinRoom.by((session, request, { signal }) => join(session, members(session), request, signal)),
      changeRoom.by((session, request) => change(session, members(session), request)),
      awaitSubject.by((session, request, { signal }) => subjectIs(session, members(session), request, signal)),
      historyCommand,
      leaveRoom.by((session, { room, status }) => members(session).leave(room, status)),
    ],
    claims(incoming, session) {
      const of = known(session)
      return of !== undefined && (isOfRoom(incoming, session) || isAboutRoom(incoming, session) || isHeld(incoming, session, of))
    },
    message,
    mayGo,
    findsOut(message, session) {
      const fates = known(session)?.fates
      if (fates?.knows(message) !== true) return false
      // where it is in the room already
      setImmediate(fates.look)
      return true
    },
    async presence(incoming, session, vocabulary) {
      const found = isOfRoom(incoming, session) ? roomOf(session.state, incoming.stanza.attributes.from ?? '') : undefined
      if (found === undefined) return undefined
      members(session).silence.heard(found.jid)
      return roomPresence(incoming, session, vocabulary, members(session))
    },
    keeps: [wantedRooms, roomMarks, occupants],
    bind: async (session) => await known(session)?.begin(),
    async appear(session) {
      known(session)?.goOn()
    },
    async online(session) {
      known(session)?.goOn()
    },
    async left(session) {
      memberships.get(session)?.stop()
      memberships.delete(session)
      if (memberships.size > 0) return
      clearInterval(looking)
      looking = undefined
    },
  }
}
