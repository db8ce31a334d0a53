/** Who waits for a session's log to grow: many appends of one turn are one wake. */
export interface Wakes {
  watch(session: string, wake: () => void): () => void
  wake(session: string): void
}

/** `changed` is told when the first waits for a session and when the last has gone. */
export function createWakes(changed: { first?: (session: string) => void; last?: (session: string) => void } = {}): Wakes {
  const watchers = new Map<string, Set<() => void>>()
  const due = new Set<string>()

  function run(): void {
    const sessions = [...due]
    due.clear()
    for (const session of sessions) {
      for (const wake of [...(watchers.get(session) ?? [])]) wake()
    }
  }

  return {
    watch(session, wake) {
      const known = watchers.get(session)
      const set = known ?? new Set()
      const own = () => {
        if (set.has(own)) wake()
      }
      watchers.set(session, set.add(own))
      if (known === undefined) changed.first?.(session)
      return () => {
        if (!set.delete(own) || set.size > 0 || watchers.get(session) !== set) return
        watchers.delete(session)
        changed.last?.(session)
      }
    },
    wake(session) {
      if (!watchers.has(session)) return
      if (due.size === 0) setImmediate(run)
      due.add(session)
    },
  }
}
