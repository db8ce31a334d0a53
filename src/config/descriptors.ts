/** What the process may have open at one time. */

/** descriptors that are held back for health, metrics and Redis, and the least part of all that is left to others */
const HELD_BACK = 64
const LEFT = 3 / 4

/** Descriptors for the connections of callers and to XMPP servers: what the process may have (`ulimit -n`) but those that are held back. */
export function openMax(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | 'unlimited' } } }
  const { soft } = userLimits?.open_files ?? {}
  return typeof soft === 'number' ? Math.max(soft - HELD_BACK, Math.floor(soft * LEFT)) : Number.POSITIVE_INFINITY
}
