/** What is done with sessions, one step at a time with each, in the order asked for. */
export interface Steps {
  take<Result>(session: string, step: () => Promise<Result>): Promise<Result>
  /** is one under way? */
  has(session: string): boolean
  /** resolves when none is that was asked for before now */
  settled(): Promise<void>
}

export function createSteps(): Steps {
  /** by session: the last one */
  const last = new Map<string, Promise<unknown>>()
  return {
    take(session, step) {
      const before = last.get(session)
      const done = (before ? before.then(step, step) : step()).finally(() => {
        if (last.get(session) === done) last.delete(session)
      })
      last.set(session, done)
      return done
    },
    has: (session) => last.has(session),
    async settled() {
      await Promise.allSettled(last.values())
    },
  }
}
