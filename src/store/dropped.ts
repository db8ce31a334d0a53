/** What a log dropped for want of room, what an outbox did not take, and what was forgotten; what only became too old is not of it. */
import type { Metrics } from '../gateway/ports/metrics.ts'

export type Lane = 'durable' | 'volatile'
/** beyond the number or beyond the bytes that are kept, or beyond what all sessions may have */
export type Surplus = 'count' | 'bytes' | 'all'

export function countDropped(metrics: Metrics | undefined, lane: Lane, surplus: Surplus, events: number): void {
  if (metrics === undefined || events === 0) return
  if (surplus === 'all') metrics.count('bounds_reached_total', { bound: 'logs-in-memory' }, events)
  else if (lane === 'volatile') {
    if (surplus === 'count') metrics.count('bounds_reached_total', { bound: 'volatile-events' }, events)
    else metrics.count('bounds_reached_total', { bound: 'volatile-bytes' }, events)
  } else if (surplus === 'count') metrics.count('bounds_reached_total', { bound: 'log-events' }, events)
  else metrics.count('bounds_reached_total', { bound: 'log-bytes' }, events)
}

/** by its number of entries, or by its bytes */
export function countFull(metrics: Metrics | undefined, many: boolean): void {
  if (many) metrics?.count('bounds_reached_total', { bound: 'outbox-entries' })
  else metrics?.count('bounds_reached_total', { bound: 'outbox-bytes' })
}

/** of records, answers, what copies are known by and outcomes of iqs */
export function countForgotten(metrics: Metrics | undefined, many: number): void {
  if (many > 0) metrics?.count('bounds_reached_total', { bound: 'kept' }, many)
}
