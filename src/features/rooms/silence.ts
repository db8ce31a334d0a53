/** A room forgets a client in silence where a link between servers breaks: it is asked whether the session is in it (XEP-0410). */
import { Problem } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { PING } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'
import { wantedRooms } from '../room-state.ts'

/** ms without a word of a whole service, after which its rooms are asked */
const SILENCE = 900_000
/** ms that a room may take to answer */
const WITHIN = { timeout: 30_000 }
/** rooms that are asked at one time, of one session */
const AT_ONCE = 10
/** ms after which a service is asked again that gave no clear answer */
const AGAIN = [60_000, 300_000, 900_000]

/** the room knows the session, though it does not answer by itself, or by another nick */
const inside = new Set(['xmpp-service-unavailable', 'xmpp-feature-not-implemented', 'xmpp-item-not-found'])
const unclear = new Set(['xmpp-remote-server-not-found', 'xmpp-remote-server-timeout', 'xmpp-timeout'])

export interface Silence {
  /** something came from it */
  heard(room: string): void
  /** Is the session in it still? Asked now. */
  check(room: string): void
  /** Asks the rooms of services that have said nothing for long. */
  look(): void
}

export function createSilence({
  session,
  onLost,
  onError,
}: {
  session: LiveSession
  onLost: (room: string) => Promise<unknown>
  onError: (error: unknown) => void
}): Silence {
  /** by service: epoch ms of the last word, or when it is asked again, and how often it was without an answer */
  const services = new Map<string, { at: number; tries: number }>()
  const asking = new Set<string>()

  const serviceOf = (room: string) => room.slice(room.indexOf('@') + 1)
  const heard = (room: string) => void services.set(serviceOf(room), { at: Date.now(), tries: 0 })

  async function isIn(room: string, nick: string): Promise<boolean | undefined> {
    try {
      await session.iq({ type: 'get', to: `${room}/${nick}`, payload: element('ping', PING) }, WITHIN)
      return true
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (inside.has(error.code)) return true
      return unclear.has(error.code) || !error.code.startsWith('xmpp-') ? undefined : false
    }
  }

  async function ask(room: string): Promise<void> {
    const value = session.state.get(wantedRooms, room)
    if (asking.has(room) || value?.state !== 'joined') return
    asking.add(room)
    try {
      const answer = await isIn(room, value.nick)
      if (answer === true) heard(room)
      else if (answer === undefined) {
        const tries = services.get(serviceOf(room))?.tries ?? 0
        const wait = AGAIN[Math.min(tries, AGAIN.length - 1)] ?? SILENCE
        services.set(serviceOf(room), { at: Date.now() - SILENCE + wait, tries: tries + 1 })
      } else if (session.state.get(wantedRooms, room)?.since === value.since) await onLost(room)
    } finally {
      asking.delete(room)
    }
  }

  async function askAll(rooms: string[]): Promise<void> {
    const next = async () => {
      for (let room = rooms.shift(); room !== undefined; room = rooms.shift()) await ask(room)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
  }

  return {
    heard,
    check: (room) => void ask(room).catch(onError), // it is asked again when it is silent for long
    look() {
      if (!session.online()) return
      const due: string[] = []
      for (const [room, { state }] of session.state.all(wantedRooms)) {
        if (state !== 'joined') continue
        const known = services.get(serviceOf(room))
        if (known === undefined) heard(room)
        else if (Date.now() - known.at >= SILENCE) due.push(room)
      }
      askAll(due).catch(onError)
    },
  }
}
