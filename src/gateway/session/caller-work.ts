import { settledWithin } from '../../deadline.ts'
import { Problem } from '../../errors/problem.ts'
import { actingAs } from '../component/acting.ts'
import type { CommandOptions, LiveSession } from '../contract/session.ts'
import type { Call, Commands } from './commands.ts'
import type { Journal } from './journal.ts'
import { ended, isStoreAway, offline, type States, stopped } from './status.ts'

/** What callers asked of the session, and wait for. */
export interface CallerWork {
  /** Runs a command, which may come from another instance. Rejects with session-stopped, session-offline, and as the command does. */
  perform(call: Call, options: CommandOptions): Promise<unknown>
  /** `States.reached`, for a caller */
  reached: States['reached']
  /** nobody waits for anything, and more may be asked */
  isIdle(): boolean
  /** Takes no more commands; resolves when those under way have come to their end, or ms passed. */
  finished(ms: number): Promise<void>
}

export const createCallerWork = (context: CallerWorkContext): CallerWork => new SessionWork(context)

interface CallerWorkContext {
  session: LiveSession
  commands: Commands
  states: States
  journal: Pick<Journal, 'unlessAway'>
}

/** A class because each session has one, and there are thousands of sessions. */
class SessionWork implements CallerWork {
  readonly #context: CallerWorkContext
  #underWay: Set<Promise<unknown>> | undefined
  #isClosed = false

  constructor(context: CallerWorkContext) {
    this.#context = context
  }

  async perform({ command: name, version, as, args }: Call, options: CommandOptions): Promise<unknown> {
    const { commands, states, journal } = this.#context
    const session = actingAs(this.#context.session, as)
    const command = commands(name, version)
    if (ended.includes(states.now()) && command.whileStopped !== true) throw stopped(states.now())
    if ((states.now() !== 'online' && command.whileAway !== true) || this.#isClosed) throw offline()
    let begun = false
    // what it ends with by itself is how far it came
    let own: unknown
    const performed = journal.unlessAway(async () => {
      begun = true
      try {
        return await command.run(session, args, options)
      } catch (error) {
        own = error
        throw error
      }
    })
    try {
      return await this.#follow(performed)
    } catch (error) {
      if (!begun || error === own || command.changes?.(args) !== true || !isStoreAway(error)) throw error
      throw new Problem('outcome-unknown', 'The store is away; the request may have been carried out.', { cause: error })
    }
  }

  reached(...wanted: Parameters<States['reached']>): ReturnType<States['reached']> {
    return this.#follow(this.#context.states.reached(...wanted))
  }

  isIdle(): boolean {
    return !this.#isClosed && this.#underWay === undefined
  }

  async finished(ms: number): Promise<void> {
    this.#isClosed = true
    if (this.#underWay) await settledWithin(ms, Promise.allSettled(this.#underWay))
  }

  #follow<Result>(work: Promise<Result>): Promise<Result> {
    const all = this.#underWay ?? new Set()
    this.#underWay = all
    const done = work.finally(() => {
      all.delete(done)
      if (all.size === 0 && this.#underWay === all) this.#underWay = undefined
    })
    all.add(done)
    return done
  }
}
