import { Problem } from '../../errors/problem.ts'
import type { Element } from '../../xml/element.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { LiveSession } from '../contract/session.ts'
import { defineKind } from '../contract/state-kind.ts'
import { createOneAtATime } from '../one-at-a-time.ts'
import { isAfter } from '../outbox/position.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ended } from '../ports/message.ts'
import { isRefusal } from './iq-correlator.ts'
import { ended, isGivenUp } from './strikes.ts'

/** ms that a stream goes on after the server counted a stanza, until that counts as taken: some count first and look then */
const LIVED = 5_000
/** ms after which a question that was given up is asked once more */
const FORGIVEN = 3_600_000

type Count = Ended & { at: number }

/** By key, how many streams ended over what is written or asked on each. */
export const suspects = defineKind<Count>({ name: 'suspects', bound: 'suspects', entries: 100, size: 64 * 1024, firm: true })

interface Line {
  /** of a stanza; undefined for a question */
  position?: number
  acked: boolean
  timer?: NodeJS.Timeout
  /** lets others go on, where it had to be alone */
  release(): void
  taken(): void
  failed(problem: Problem): void
}

export interface RepeatedContext {
  session: Pick<LiveSession, 'state' | 'commit'>
  /** answers its position on the stream */
  send: (stanza: Element) => Promise<number>
  /** Resolves when nothing else is on its way on the stream, and no message goes until what it answers is called. */
  pause: () => Promise<() => void>
  clock: Clock
  onGivenUp: (key: string) => void
  /** nothing waits for an answer any more */
  onAnswered: () => void
  onError: (error: unknown) => void
}

export function createRepeated({ session, send, pause, clock, onGivenUp, onAnswered, onError }: RepeatedContext): Repeated {
  /** what is on its way, in the order in which it was written */
  const lines = new Map<string, Line>()
  /** questions without an answer when the stream broke */
  let unanswered: string[] | undefined
  /** of those that go alone */
  const oneByOne = createOneAtATime()

  const countOf = (key: string) => session.state.get(suspects, key)
  const questions = () => [...lines].filter(([, { position }]) => position === undefined).map(([key]) => key)

  function keep(key: string, value: Count | null): void {
    if (value === null && !countOf(key)) return
    session.commit({ state: [value === null ? suspects.remove(key) : suspects.put(key, value)] }).catch(onError)
  }

  function count(key: string, alone: boolean): void {
    const next = ended(countOf(key), { alone, refused: false })
    keep(key, { ...next, at: clock.now() })
    if (isGivenUp(next)) onGivenUp(key)
  }

  /** What is under suspicion goes alone, one after the other. */
  async function turn(key: string): Promise<() => void> {
    if (!countOf(key)) return () => {}
    const next = await oneByOne()
    const release = await pause()
    return () => {
      release()
      next()
    }
  }

  function end(key: string, problem?: Problem): void {
    const line = lines.get(key)
    if (!line) return
    lines.delete(key)
    clearTimeout(line.timer)
    line.release()
    if (problem) line.failed(problem)
    else line.taken()
  }

  /** Once the stream has gone on with it for a while, it is taken. */
  function watch(key: string, line: Line): void {
    line.acked = true
    line.release()
    line.timer = setTimeout(() => {
      keep(key, null)
      end(key)
    }, LIVED)
    line.timer.unref()
  }

  return {
    async write(key, stanza) {
      if (isGivenUp(countOf(key))) throw givenUp()
      const release = await turn(key)
      const { promise: taken, resolve, reject } = Promise.withResolvers<void>()
      taken.catch(() => {}) // whoever does not wait for it has nothing to do then
      try {
        const position = await send(stanza)
        end(key, cutOff())
        lines.set(key, { position, acked: false, release, taken: resolve, failed: reject })
      } catch (error) {
        release()
        throw error
      }
      return { taken }
    },

    async ask(key, work) {
      const before = countOf(key)
      if (before && isGivenUp(before) && clock.now() - before.at < FORGIVEN) throw givenUp()
      const release = await turn(key)
      const line: Line = { acked: false, release, taken() {}, failed() {} }
      lines.set(key, line)
      try {
        const result = await work()
        keep(key, null)
        return result
      } catch (error) {
        // an answer, or the end of its time: the stream did not end over it
        if (isRefusal(error)) keep(key, null)
        throw error
      } finally {
        release()
        if (lines.get(key) === line) lines.delete(key)
        if (questions().length === 0) onAnswered()
      }
    },

    forget(key) {
      keep(key, null)
      end(key, cutOff())
    },
    isOnItsWay: (key) => lines.has(key),
    isOpen: (key) => lines.has(key) || countOf(key) !== undefined,
    isAsking: () => questions().length > 0,
    positions: () => new Set([...lines.values()].flatMap(({ position, acked }) => (position === undefined || acked ? [] : [position]))),

    acked(position) {
      for (const [key, line] of lines) if (line.position !== undefined && !line.acked && !isAfter(line.position, position)) watch(key, line)
    },

    broke() {
      const open = questions()
      if (open.length > 0) unanswered ??= open
      for (const { timer } of lines.values()) clearTimeout(timer)
    },

    resumed(h, company) {
      for (const key of unanswered ?? []) count(key, !company)
      unanswered = undefined
      const [first] = [...lines].find(([, { position }]) => position !== undefined && isAfter(position, h)) ?? []
      for (const [key, line] of lines) {
        if (line.position === undefined) continue
        if (!isAfter(line.position, h)) watch(key, line)
        else {
          count(key, !company && key === first)
          end(key, cutOff())
        }
      }
    },

    lost(company) {
      const open = [...lines].filter(([key, { position }]) => position !== undefined || (unanswered ?? questions()).includes(key))
      const gone = (unanswered ?? []).filter((key) => !lines.has(key))
      unanswered = undefined
      // streams are processed in order
      const first = open.find(([, { acked }]) => !acked)?.[0] ?? gone[0] ?? open[0]?.[0]
      for (const key of [...open.map(([key]) => key), ...gone]) count(key, !company && key === first)
      for (const [key] of open) end(key, cutOff())
    },

    stop() {
      for (const key of [...lines.keys()]) end(key, cutOff())
    },
  }
}

const givenUp = () =>
  new Problem('given-up', 'The XMPP server ended one connection after the other over it: it is not asked, or shown, again.')
const cutOff = () => new Problem('session-offline', 'The connection was lost before the server took it.', { retryAfter: 5 })
