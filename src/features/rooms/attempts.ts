/** Joining the rooms that a session wants to be in, and trying again where that may help. Runs on the owner. */
import { Problem, stanzaProblem, toProblem } from '../../errors/problem.ts'
import { directed } from '../../gateway/contract/roster-and-presence.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'
import { passwordOf, valuesOf } from '../room-secrets.ts'
import { type WantedRoom, wantedRooms } from '../room-state.ts'
import { emptied, entered, failed, taken } from './changes.ts'
import { discard, unlock } from './creating.ts'
import { roomEvent } from './events.ts'
import { readInfo, reservedNick } from './info.ts'
import { lockedDown, nicksOf } from './nicks.ts'
import { joining, type Shown } from './own-presence.ts'
import { createRetries } from './retries.ts'
import type { Turns } from './turns.ts'
import { createWaiting, type Waiting } from './waiting.ts'

/** ms until a join without an answer is given up, and tried again */
const JOIN_WITHIN = 60_000

/** What a room answers to a join. */
export type Answer = { kind: 'joined'; created: boolean } | { kind: 'failed'; problem: Problem }

type Outcome = Answer | { kind: 'interrupted' }

export interface Joins {
  /** Joins it, unless that is under way; in its turn. */
  start(room: string): void
  /** The same after a while, longer each time. */
  later(room: string): void
  /** the nick that it is being joined with now */
  trying(room: string): string | undefined
  /** the room has answered */
  heard(room: string, answer: Answer): void
  /** Resolves with what becomes of it, undefined where ms pass before. */
  outcome: Waiting<Answer>['wait']
  /** it is not wanted any more */
  forget(room: string): void
  /** the stream is gone: nothing is under way any more */
  interrupt(): void
}

interface Attempt {
  nick?: string
  heard?: (outcome: Outcome) => void
}

const interrupted: Outcome = { kind: 'interrupted' }

export function createJoins({
  session,
  turns,
  shown,
  leave,
  onJoined,
  onFailed,
  onError,
}: {
  session: LiveSession
  turns: Turns
  shown: Shown
  /** leaves it, and waits until it is left */
  leave: (room: string) => Promise<void>
  onJoined: (room: string) => void
  onFailed: () => void
  onError: (error: unknown) => void
}): Joins {
  /** under way or in turn, by room */
  const attempts = new Map<string, Attempt>()
  const retries = createRetries(start)
  const waiting = createWaiting<Answer>()

  const wanted = (room: string): WantedRoom | undefined => session.state.get(wantedRooms, room)
  const put = (room: string, value: WantedRoom) => session.commit({ state: [wantedRooms.put(room, value)] })
  const isOpen = (room: string, attempt: Attempt) => attempts.get(room) === attempt && wanted(room)?.state === 'joining'

  function start(room: string): void {
    if (attempts.has(room)) return
    const attempt: Attempt = {}
    attempts.set(room, attempt)
    turns.add(room, async () => {
      try {
        // another one may be under way by now
        if (attempts.get(room) === attempt) await run(room, attempt)
      } catch (error) {
        onError(error) // a session that is away, or a store, joins it when they are back
      } finally {
        if (attempts.get(room) === attempt) attempts.delete(room)
      }
    })
  }

  async function run(room: string, attempt: Attempt): Promise<void> {
    const before = wanted(room)
    if (before?.retried || before?.resting)
      await put(room, { ...taken(before), state: 'joining', ...(before.error && { error: before.error }) })
    const outcome = await join(room, attempt)
    if (outcome.kind === 'interrupted' || attempts.get(room) !== attempt) return
    if (outcome.kind === 'joined') {
      retries.forget(room)
      onJoined(room)
    } else await fail(room, outcome.problem)
    waiting.tell(room, outcome)
  }

  async function join(room: string, attempt: Attempt): Promise<Outcome> {
    const info = await readInfo(session, room).catch(toProblem)
    const asked = wanted(room)
    if (asked === undefined || !isOpen(room, attempt)) return interrupted
    const isKnown = !(info instanceof Problem)
    if (isKnown) await put(room, { ...asked, ...info })
    else if (info.code === 'xmpp-item-not-found' && asked.create === 'never' && !asked.before) return { kind: 'failed', problem: info }
    const hasArchive = isKnown && info.features.archive
    let outcome = interrupted
    for (const nick of nicksOf(asked)) {
      outcome = await attemptWith(nick, room, attempt, hasArchive)
      if (outcome.kind !== 'failed' || outcome.problem.code !== 'xmpp-conflict') break
    }
    if (outcome.kind === 'failed' && lockedDown.has(outcome.problem.code)) {
      const nick = await reservedNick(session, room)
      if (nick !== undefined && nick !== asked.nick) outcome = await attemptWith(nick, room, attempt, hasArchive)
    }
    return outcome.kind === 'joined' && outcome.created ? await open(room, attempt) : outcome
  }

  async function attemptWith(nick: string, room: string, attempt: Attempt, hasArchive: boolean): Promise<Outcome> {
    const value = wanted(room)
    if (value === undefined || !isOpen(room, attempt)) return interrupted
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    Object.assign(attempt, { nick, heard: resolve })
    const late = new Problem('xmpp-timeout', 'The room did not answer in time.', { retryAfter: 5 })
    const timer = setTimeout(() => resolve({ kind: 'failed', problem: late }), JOIN_WITHIN)
    try {
      // of whom it is told now who is there
      await session.commit({ state: [...emptied(session, room), directed.put(room, { muc: true, at: Date.now() })] })
      await session.send(joining(shown.in(room, { ...value, nick }), value, { password: passwordOf(session, room, value), hasArchive }))
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** A room that was made: nobody else comes in before its owner has said how it is to be. */
  async function open(room: string, attempt: Attempt): Promise<Outcome> {
    const made = wanted(room)
    if (made === undefined) return interrupted
    try {
      if (made.create === 'never') throw stanzaProblem({ type: 'cancel', condition: 'item-not-found', text: 'There is no such room.' })
      await unlock(session, room, { ...made, values: valuesOf(session, room, made) })
    } catch (error) {
      const problem = toProblem(error)
      if (problem.code === 'session-offline') return interrupted
      await discard(session, room)
      await leave(room)
      return { kind: 'failed', problem }
    }
    // it was not there before: what it can do is known only now
    const info = await readInfo(session, room).catch(() => undefined)
    const now = wanted(room)
    if (now === undefined || !isOpen(room, attempt)) return interrupted
    await session.commit(entered(room, { ...now, ...info }))
    session.sendWaiting()
    return { kind: 'joined', created: true }
  }

  async function fail(room: string, problem: Problem): Promise<void> {
    const value = wanted(room)
    // one that was made against the caller's will is left by now
    if (value === undefined) return void (await session.commit({ events: [roomEvent('room.failed', room, { error: problemOf(problem) })] }))
    const retried = retries.isWorthIt(room, problem)
    await session.commit(failed(session, room, value, { error: problemOf(problem), retried }))
    session.sendWaiting()
    if (retried) retries.later(room)
    else retries.forget(room)
    onFailed()
  }

  return {
    start,
    later: retries.later,
    trying: (room) => attempts.get(room)?.nick,
    heard: (room, answer) => attempts.get(room)?.heard?.(answer),
    outcome: waiting.wait,
    forget(room) {
      retries.forget(room)
      attempts.get(room)?.heard?.(interrupted)
      attempts.delete(room)
    },
    interrupt() {
      retries.pause()
      for (const { heard } of attempts.values()) heard?.(interrupted)
      attempts.clear()
      turns.clear()
    },
  }
}

const problemOf = ({ code, message: detail, options: { xmpp } }: Problem) => ({ code, detail, ...(xmpp && { xmpp }) })
