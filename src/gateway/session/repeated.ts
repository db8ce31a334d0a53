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
import type { Reports } from './reports.ts'
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
  wire: { write(connection: number, stanza: Element): { position: number | Promise<number> } }
  outbox: {
    /** Resolves when nothing else is on its way on the stream, and no message goes until what it answers is called. */
    pause(connection: number): Promise<() => void>
    /** nothing waits for an answer any more */
    wake(): void
  }
  clock: Clock
  reports: Pick<Reports, 'givenUp' | 'error'>
}

export const createRepeated = (context: RepeatedContext): Repeated => new RepeatedOnStreams(context)

const nothing = () => {}

/** A class because each session has one, and there are thousands of sessions. */
class RepeatedOnStreams implements Repeated {
  readonly #context: RepeatedContext
  /** what is on its way, in the order in which it was written */
  #lines: Map<string, Line> | undefined
  /** questions without an answer when the stream broke */
  #unanswered: string[] | undefined
  /** of those that go alone */
  #oneByOne: ReturnType<typeof createOneAtATime> | undefined

  constructor(context: RepeatedContext) {
    this.#context = context
  }

  async write(key: string, stanza: Element): ReturnType<Repeated['write']> {
    if (isGivenUp(this.#countOf(key))) throw givenUp()
    const release = await this.#turn(key)
    const { promise: taken, resolve, reject } = Promise.withResolvers<void>()
    taken.catch(nothing) // whoever does not wait for it has nothing to do then
    try {
      const position = await this.#context.wire.write(0, stanza).position
      this.#end(key, cutOff())
      this.#add(key, { position, acked: false, release, taken: resolve, failed: reject })
    } catch (error) {
      release()
      throw error
    }
    return { taken }
  }

  async ask<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#countOf(key)
    if (before && isGivenUp(before) && this.#context.clock.now() - before.at < FORGIVEN) throw givenUp()
    const release = await this.#turn(key)
    const line: Line = { acked: false, release, taken: nothing, failed: nothing }
    this.#add(key, line)
    try {
      const result = await work()
      this.#keep(key, null)
      return result
    } catch (error) {
      // an answer, or the end of its time: the stream did not end over it
      if (isRefusal(error)) this.#keep(key, null)
      throw error
    } finally {
      release()
      if (this.#lines?.get(key) === line) this.#remove(key)
      if (this.#questions().length === 0) this.#context.outbox.wake()
    }
  }

  forget(key: string): void {
    this.#keep(key, null)
    this.#end(key, cutOff())
  }

  isOnItsWay(key: string): boolean {
    return this.#lines?.has(key) === true
  }

  isOpen(key: string): boolean {
    return this.isOnItsWay(key) || this.#countOf(key) !== undefined
  }

  isAsking(): boolean {
    return this.#questions().length > 0
  }

  positions(): Set<number> {
    return new Set([...this.#all().values()].flatMap(({ position, acked }) => (position === undefined || acked ? [] : [position])))
  }

  acked(position: number): void {
    if (this.#lines === undefined) return
    for (const [key, line] of this.#lines)
      if (line.position !== undefined && !line.acked && !isAfter(line.position, position)) this.#watch(key, line)
  }

  broke(): void {
    const open = this.#questions()
    if (open.length > 0) this.#unanswered ??= open
    for (const { timer } of this.#all().values()) clearTimeout(timer)
  }

  resumed(h: number, company: boolean): void {
    for (const key of this.#unanswered ?? []) this.#count(key, !company)
    this.#unanswered = undefined
    const lines = [...this.#all()]
    const [first] = lines.find(([, { position }]) => position !== undefined && isAfter(position, h)) ?? []
    for (const [key, line] of lines) {
      if (line.position === undefined) continue
      if (!isAfter(line.position, h)) this.#watch(key, line)
      else {
        this.#count(key, !company && key === first)
        this.#end(key, cutOff())
      }
    }
  }

  lost(company: boolean): void {
    const asked = this.#unanswered ?? this.#questions()
    const open = [...this.#all()].filter(([key, { position }]) => position !== undefined || asked.includes(key))
    const gone = (this.#unanswered ?? []).filter((key) => !this.isOnItsWay(key))
    this.#unanswered = undefined
    // streams are processed in order
    const first = open.find(([, { acked }]) => !acked)?.[0] ?? gone[0] ?? open[0]?.[0]
    for (const key of [...open.map(([key]) => key), ...gone]) this.#count(key, !company && key === first)
    for (const [key] of open) this.#end(key, cutOff())
  }

  stop(): void {
    for (const key of [...this.#all().keys()]) this.#end(key, cutOff())
  }

  #all(): ReadonlyMap<string, Line> {
    return this.#lines ?? none
  }

  #add(key: string, line: Line): void {
    this.#lines ??= new Map()
    this.#lines.set(key, line)
  }

  #remove(key: string): void {
    this.#lines?.delete(key)
    if (this.#lines?.size === 0) this.#lines = undefined
  }

  #countOf(key: string): Count | undefined {
    return this.#context.session.state.get(suspects, key)
  }

  #questions(): string[] {
    return [...this.#all()].filter(([, { position }]) => position === undefined).map(([key]) => key)
  }

  #keep(key: string, value: Count | null): void {
    const { session, reports } = this.#context
    if (value === null && !this.#countOf(key)) return
    session.commit({ state: [value === null ? suspects.remove(key) : suspects.put(key, value)] }).catch((error) => reports.error(error))
  }

  #count(key: string, alone: boolean): void {
    const next = ended(this.#countOf(key), { alone, refused: false })
    this.#keep(key, { ...next, at: this.#context.clock.now() })
    if (isGivenUp(next)) this.#context.reports.givenUp(key)
  }

  /** What is under suspicion goes alone, one after the other. */
  async #turn(key: string): Promise<() => void> {
    if (!this.#countOf(key)) return nothing
    this.#oneByOne ??= createOneAtATime()
    const next = await this.#oneByOne()
    const release = await this.#context.outbox.pause(0)
    return () => {
      release()
      next()
    }
  }

  #end(key: string, problem?: Problem): void {
    const line = this.#lines?.get(key)
    if (!line) return
    this.#remove(key)
    clearTimeout(line.timer)
    line.release()
    if (problem) line.failed(problem)
    else line.taken()
  }

  /** Once the stream has gone on with it for a while, it is taken. */
  #watch(key: string, line: Line): void {
    line.acked = true
    line.release()
    line.timer = setTimeout(() => {
      this.#keep(key, null)
      this.#end(key)
    }, LIVED)
    line.timer.unref()
  }
}

const none: ReadonlyMap<string, Line> = new Map()

const givenUp = () =>
  new Problem('given-up', 'The XMPP server ended one connection after the other over it: it is not asked, or shown, again.')
const cutOff = () => new Problem('session-offline', 'The connection was lost before the server took it.', { retryAfter: 5 })
