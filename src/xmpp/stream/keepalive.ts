import type { Bounds } from '../bounds.ts'

/** Looks for signs of life on a stream, by one timer: an idle one is asked for one, and one that gives none has ended. */
export interface Keepalive {
  start(): void
  /** a sign of life was asked for now, for whatever reason */
  asked(): void
  stop(): void
}

export function createKeepalive({
  bounds,
  monotonic,
  lastHeard,
  lastWrite,
  idleSeconds,
  ahead,
  paused,
  ask,
  dead,
}: {
  bounds: Pick<Bounds, 'idle' | 'silence'>
  monotonic: () => number
  /** monotonic ms of the last byte, or since when it is read again */
  lastHeard: () => number
  lastWrite: () => number
  /** XEP-0478: the server ends a stream that it heard nothing of for so long */
  idleSeconds: () => number | undefined
  /** ms that the server may take to read what lies before the oldest question without an answer */
  ahead: () => number
  /** nothing is read now, so that silence says nothing */
  paused: () => boolean
  ask: () => void
  dead: () => void
}): Keepalive {
  let timer: NodeJS.Timeout | undefined
  let askedAt: number | undefined

  function look(): void {
    const now = monotonic()
    const heard = lastHeard()
    if (askedAt !== undefined && (heard >= askedAt || paused())) askedAt = undefined
    if (askedAt !== undefined && now >= askedAt + patience()) {
      dead()
      return
    }
    if (askedAt === undefined && !paused() && now >= due(heard)) ask()
    timer = setTimeout(look, Math.max(1, next(now, heard) - now))
  }
  function next(now: number, heard: number): number {
    if (askedAt === undefined) return paused() ? now + bounds.idle : due(heard)
    // an answer came long before the patience ends: the next question is due then, not later
    const early = askedAt + bounds.idle
    return Math.min(askedAt + patience(), now < early ? early : now + bounds.idle)
  }
  /** A server that reads slowly has not heard the question yet. */
  function patience(): number {
    return bounds.silence + ahead()
  }
  function due(heard: number): number {
    return Math.min(heard + bounds.idle, lastWrite() + (idleSeconds() ?? Number.POSITIVE_INFINITY) * 500)
  }

  return {
    start: look,
    asked: () => {
      askedAt ??= monotonic()
    },
    stop: () => clearTimeout(timer),
  }
}
