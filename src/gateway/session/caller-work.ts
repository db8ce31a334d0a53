import { settledWithin } from '../../deadline.ts'
import { Problem } from '../../errors/problem.ts'
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

export function createCallerWork({
  session,
  commands,
  states,
  journal,
}: {
  session: LiveSession
  commands: Commands
  states: States
  journal: Pick<Journal, 'unlessAway'>
}): CallerWork {
  const underWay = new Set<Promise<unknown>>()
  let isClosed = false

  function follow<Result>(work: Promise<Result>): Promise<Result> {
    const done = work.finally(() => underWay.delete(done))
    underWay.add(done)
    return done
  }

  return {
    async perform({ command: name, version, args }, options) {
      const command = commands(name, version)
      if (ended.includes(states.now()) && command.whileStopped !== true) throw stopped(states.now())
      if ((states.now() !== 'online' && command.whileAway !== true) || isClosed) throw offline()
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
        return await follow(performed)
      } catch (error) {
        if (!begun || error === own || command.changes?.(args) !== true || !isStoreAway(error)) throw error
        throw new Problem('outcome-unknown', 'The store is away; the request may have been carried out.', { cause: error })
      }
    },

    reached: (wanted, signal) => follow(states.reached(wanted, signal)),
    isIdle: () => !isClosed && underWay.size === 0,

    async finished(ms) {
      isClosed = true
      if (underWay.size > 0) await settledWithin(ms, Promise.allSettled(underWay))
    },
  }
}
