/** Requests take turns with everything else that the event loop has to do. */

/** ms of one turn of the event loop that requests may take; the others wait for the next one, and health is answered between */
const TURN_MAX = 50

export interface Turns {
  /** calls it at once, or when its turn has come */
  take(run: () => void): void
  /** ms that the first of those who wait has waited */
  waited(): number
}

export function createTurns(): Turns {
  const waiting: { since: number; run: () => void }[] = []
  /** of the present turn, if it had a request */
  let began: number | undefined
  /** requests of one turn: as many as fit, by what the turn before took */
  let size = 1

  function begin(now: number): void {
    began = now
    setImmediate(next)
  }

  function next(): void {
    const now = performance.now()
    size = now - (began ?? now) < TURN_MAX ? size * 2 : Math.ceil(size / 2)
    began = undefined
    if (waiting.length === 0) {
      size = 1
      return
    }
    begin(now)
    for (const { run } of waiting.splice(0, size)) run()
  }

  return {
    take(run) {
      const now = performance.now()
      if (began === undefined) begin(now)
      if (waiting.length === 0 && now - (began ?? now) < TURN_MAX) run()
      else waiting.push({ since: now, run })
    },
    waited: () => (waiting[0] === undefined ? 0 : performance.now() - waiting[0].since),
  }
}
