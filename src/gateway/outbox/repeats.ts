import { ended, isGivenUp, STRIKES } from '../session/strikes.ts'
import type { Queued } from './message-queue.ts'
import type { Progress } from './progress.ts'
import type { Routes } from './routing.ts'

export interface Repeats {
  /**
   * A stream ended with these on their way, the reason being something that was written where `refused` tells it; `alone`: there was one.
   * Answers those that go again; one over which it goes on like that fails, so that the others can go on.
   */
  judge(messages: readonly Queued[], how: { alone: boolean; refused?: string | undefined }): Queued[]
  /**
   * What the server did not get before a resume goes again at new positions. The old ones are forgotten first, and nothing
   * else takes their places before: after one more crash they would pass for acknowledged.
   */
  repeat(connection: number, messages: readonly Queued[], how: { alone: boolean }): Promise<void>
  /** where old positions are being forgotten, by connection: nothing may be written there */
  readonly forgetting: ReadonlyMap<number, Promise<unknown>>
}

interface RepeatsContext {
  progress: Pick<Progress, 'settle' | 'unwrite'>
  routes: Pick<Routes, 'release'>
  /** a message over which streams ended is not sent again */
  onGivenUp: (message: string) => void
  /** takes what goes again */
  onRepeat: (messages: readonly Queued[]) => void
}

/** Messages that were written once and go again. */
export const createRepeats = (context: RepeatsContext): Repeats => new RepeatsOfOutbox(context)

const nowhere: ReadonlyMap<number, Promise<unknown>> = new Map()

/** A class because each session has one, and there are thousands of sessions. */
class RepeatsOfOutbox implements Repeats {
  readonly #context: RepeatsContext
  #forgetting: Map<number, Promise<unknown>> | undefined

  constructor(context: RepeatsContext) {
    this.#context = context
  }

  get forgetting(): ReadonlyMap<number, Promise<unknown>> {
    return this.#forgetting ?? nowhere
  }

  judge(messages: readonly Queued[], how: Parameters<Repeats['judge']>[1]): Queued[] {
    return this.#judge(messages, how, [])
  }

  async repeat(connection: number, messages: readonly Queued[], how: { alone: boolean }): Promise<void> {
    const { progress, routes, onRepeat } = this.#context
    if (messages.length === 0) return
    const settled: Promise<void>[] = []
    const again = this.#judge(messages, how, settled)
    const done = Promise.all([...settled, progress.unwrite(again)])
    const forgetting = this.#forgetting ?? new Map<number, Promise<unknown>>()
    this.#forgetting = forgetting
    forgetting.set(connection, done)
    try {
      await done
    } finally {
      if (forgetting.get(connection) === done) forgetting.delete(connection)
      for (const { recipient } of messages) routes.release(recipient)
    }
    onRepeat(again)
  }

  /** `settled`: takes what resolves when those that fail are stored */
  #judge(messages: readonly Queued[], { alone, refused }: Parameters<Repeats['judge']>[1], settled: Promise<void>[]): Queued[] {
    const { progress, onGivenUp } = this.#context
    const again: Queued[] = []
    for (const { entry, recipient, order, ended: before } of messages) {
      const count = ended(before, { alone, refused: refused !== undefined })
      if (!isGivenUp(count)) again.push({ entry, recipient, order, ended: count })
      else {
        onGivenUp(entry.id)
        const error =
          count.refused >= STRIKES
            ? { code: 'refused', detail: `The server ended the stream over it, ${count.refused} times: ${refused}.` }
            : { code: 'outcome-unknown', detail: `The connection was lost ${count.streams} times before the server confirmed it.` }
        settled.push(progress.settle([entry], 'failed', { error }))
      }
    }
    return again
  }
}
