import { Problem } from '../../errors/problem.ts'
import type { Metrics } from '../ports/metrics.ts'

/** bytes of the answers of one process that are larger than other stanzas, from their arrival until they were made use of */
const TOTAL = 32 * 1024 * 1024
/** an answer that has come to the end of its room gets so many times as much */
const STEP = 4

/** For one answer that may be larger than other stanzas. */
export interface Room {
  /** An answer has more than so many bytes: how many it may have; undefined: no more. */
  grow(bytes: number): number | undefined
  /** why it had no more */
  refusal(): Problem
}

export interface LargeAnswers {
  /** Room for an answer of so many bytes at most, until the work with it is done. */
  use<Result>(most: number, work: (room: Room) => Promise<Result>): Promise<Result>
}

/** An answer that was asked for may be large, as a long roster is; what all of them take at one time is bounded. */
export function createLargeAnswers({ metrics, total = TOTAL }: { metrics: Metrics; total?: number }): LargeAnswers {
  let left = total

  return {
    async use(most, work) {
      let taken = 0
      let busy = false
      const room: Room = {
        grow(bytes) {
          const next = Math.min(Math.max(bytes, taken) * STEP, most)
          busy = next > bytes && next - taken > left
          if (busy) metrics.count('bounds_reached_total', { bound: 'large-answers' })
          else if (next <= bytes) metrics.count('bounds_reached_total', { bound: 'large-answer' })
          if (busy || next <= bytes) return undefined
          left -= next - taken
          taken = next
          return next
        },
        refusal: () =>
          busy
            ? new Problem('too-busy', 'The answer is large, and too many large ones are being read already.', { retryAfter: 5 })
            : new Problem('stanza-too-large', `The answer is larger than the ${most} bytes that are read of one.`),
      }
      try {
        return await work(room)
      } finally {
        left += taken
      }
    },
  }
}
