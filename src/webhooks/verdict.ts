/** What the answer of a consumer means. */

/** ms between which a `Retry-After` is taken */
const LEAST = 1_000
const MOST = 6 * 3_600_000

export type Verdict =
  /** the event has arrived */
  | { kind: 'done' }
  /** the consumer wants nothing more, ever */
  | { kind: 'gone' }
  /** tried again, not before so many ms */
  | { kind: 'again'; notBefore: number }

/** `status` absent: there was no answer. `now`: epoch ms, for a `Retry-After` that is a date. */
export function verdictOf({
  status,
  retryAfter,
  now,
}: {
  status?: number | undefined
  retryAfter?: string | undefined
  now: number
}): Verdict {
  if (status === undefined) return { kind: 'again', notBefore: 0 }
  if (status >= 200 && status < 300) return { kind: 'done' }
  if (status === 410) return { kind: 'gone' }
  return { kind: 'again', notBefore: waitOf(retryAfter, now) }
}

/** Of `Retry-After` (RFC 9110 section 10.2.3), ms; 0 where nothing that can be read was asked for. */
function waitOf(text: string | undefined, now: number): number {
  if (text === undefined) return 0
  const wait = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, LEAST), MOST)
}
