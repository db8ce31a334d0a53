/** How long a full outbox needs, from how fast it drained of late. */

/** ms over which settled entries are counted before counting starts anew */
export const DRAIN_WINDOW = 10_000
/** ms after which an old count says nothing */
const STALE = 60_000
/** seconds, where nothing is known */
const UNKNOWN = 5
/** seconds */
const LONGEST = 60

export interface Drain {
  /** start of the count, epoch ms; 0 before the first */
  since: number
  /** entries settled from then on */
  settled: number
}

export function countSettled(drain: Drain, count: number, now: number): Drain {
  return now - drain.since < DRAIN_WINDOW ? { since: drain.since, settled: drain.settled + count } : { since: now, settled: count }
}

/** Entries that have to go until there is room for so many more of them and so many more bytes; `mean`: bytes of one. */
export const excessOf = (entries: number, bytes: number, mean: number) => Math.max(entries, Math.ceil(bytes / Math.max(mean, 1)))

/** Seconds until `excess` entries have gone. */
export function retryAfter(excess: number, drain: Drain, now: number): number {
  const elapsed = now - drain.since
  if (drain.settled === 0 || elapsed > STALE) return UNKNOWN
  const seconds = (excess * Math.max(elapsed, 1000)) / drain.settled / 1000
  return Math.min(Math.max(Math.ceil(seconds), 1), LONGEST)
}
