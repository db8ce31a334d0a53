/** One turn of the event loop: what is done at its end is done once for all that came in it. */
export interface Turn {
  /** at the end of this turn, before what was written in it leaves */
  end(run: () => void): void
  /** after all that */
  leave(run: () => void): void
}

export function createTurn(): Turn {
  let ending: (() => void)[] = []
  let leaving: (() => void)[] = []

  function wait(): void {
    if (ending.length + leaving.length === 0) setImmediate(over)
  }
  function over(): void {
    const [last, out] = [ending, leaving]
    ending = []
    for (const run of last) run()
    // what they wrote leaves with the rest
    leaving = []
    for (const run of out) run()
  }

  return {
    end(run) {
      wait()
      ending.push(run)
    },
    leave(run) {
      wait()
      leaving.push(run)
    },
  }
}

/** What is asked for again in the same turn is asked for once: it leaves after all of them. */
export function askedOnce<Answer>(turn: Turn, ask: (what: string) => Promise<Answer>): (what: string) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>()
  const forget = () => asked.clear()
  return (what) => {
    const known = asked.get(what)
    if (known) return known
    if (asked.size === 0) turn.end(forget)
    const answer = ask(what)
    asked.set(what, answer)
    return answer
  }
}
