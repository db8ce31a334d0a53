import type { Log } from './log.ts'

/** ms that the log of a removed session can be read to its end */
const ENDED_AGE = 30_000

/** The logs of sessions that were removed, for readers that are already attached. */
export interface EndedLogs {
  get(session: string): Log | undefined
  keep(session: string, log: Log): void
  forget(session: string): void
  stop(): void
}

export function createEndedLogs(): EndedLogs {
  const ended = new Map<string, { log: Log; timer: NodeJS.Timeout }>()

  function forget(session: string): void {
    const { log, timer } = ended.get(session) ?? {}
    clearTimeout(timer)
    log?.close()
    ended.delete(session)
  }

  return {
    get: (session) => ended.get(session)?.log,
    keep(session, log) {
      const timer = setTimeout(() => forget(session), ENDED_AGE).unref()
      ended.set(session, { log, timer })
    },
    forget,
    stop() {
      for (const { timer } of ended.values()) clearTimeout(timer)
      ended.clear()
    },
  }
}
