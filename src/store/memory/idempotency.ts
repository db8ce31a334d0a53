/** The Idempotency-Keys of the sessions: each session has marks of its own. */
import type { Begun, StoredAnswer } from '../../gateway/ports/change.ts'
import type { Clock } from '../../gateway/ports/clock.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import type { Aging } from './aging.ts'

/** ms that a running mark lives at most */
const RUNNING_MAX = 30_000

export interface Keys {
  look(marks: Marks, key: string, fingerprint: string): Begun
  begin(marks: Marks, key: string, fingerprint: string, ttl: number): Begun
  finish(marks: Marks, key: string, fingerprint: string, answer: StoredAnswer): void
  replace(marks: Marks, key: string, fingerprint: string, answer: StoredAnswer): void
  release(marks: Marks, key: string): void
}

export type Marks = Aging<Mark>
export type Mark = { fingerprint: string; answer: string } | { fingerprint: string; runningUntil: number }

export function createKeys({ limits, clock }: { limits: StoreLimits; clock: Clock }): Keys {
  function find(marks: Marks, key: string): Mark | undefined {
    const mark = marks.get(key, clock.now())
    return mark !== undefined && 'runningUntil' in mark && mark.runningUntil <= clock.monotonic() ? undefined : mark
  }
  function look(marks: Marks, key: string, fingerprint: string): Begun {
    const mark = find(marks, key)
    if (mark === undefined) return { kind: 'new' }
    if (mark.fingerprint !== fingerprint) return { kind: 'reused' }
    return 'answer' in mark ? { kind: 'replayed', answer: JSON.parse(mark.answer) } : { kind: 'running' }
  }

  return {
    look,
    begin(marks, key, fingerprint, ttl) {
      const begun = look(marks, key, fingerprint)
      if (begun.kind !== 'new') return begun
      const now = clock.now()
      const life = Math.min(ttl, RUNNING_MAX)
      marks.set(key, { fingerprint, runningUntil: clock.monotonic() + life }, now + limits.idempotencyAge, now)
      return begun
    },
    finish(marks, key, fingerprint, answer) {
      const mark = find(marks, key)
      // whoever took the key over meanwhile has it now, and a first answer stays the answer
      if (mark !== undefined && ('answer' in mark || mark.fingerprint !== fingerprint)) return
      const now = clock.now()
      marks.set(key, { fingerprint, answer: JSON.stringify(answer) }, now + limits.idempotencyAge, now)
    },
    replace(marks, key, fingerprint, answer) {
      const mark = find(marks, key)
      // in place, so that its time does not begin anew
      if (mark !== undefined && 'answer' in mark && mark.fingerprint === fingerprint) mark.answer = JSON.stringify(answer)
    },
    release(marks, key) {
      const mark = find(marks, key)
      if (mark !== undefined && 'runningUntil' in mark) marks.delete(key)
    },
  }
}
