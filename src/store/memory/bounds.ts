/** How much the maps of a store in memory have whose entries end: what they hold of sessions, and what they hold of all. */
import type { KeptIq } from '../../gateway/ports/change.ts'
import type { Metrics } from '../../gateway/ports/metrics.ts'
import type { StoreLimits } from '../../gateway/ports/store.ts'
import { countForgotten } from '../dropped.ts'
import type { AgingBound } from './aging.ts'
import type { Told } from './copies.ts'
import type { Mark } from './idempotency.ts'
import type { KeptRecord } from './kept-record.ts'
import { createRoom } from './room.ts'

/** bytes that an entry takes beside its texts, and a step in the history of a message */
const ENTRY = 256
const STEP = 64
/** tickets, places of removed sessions, and ids that callers chose, of all sessions */
const MANY = 100_000

export interface AgingBounds {
  records: AgingBound<KeptRecord>
  marks: AgingBound<Mark>
  copies: AgingBound<readonly Told[]>
  iqs: AgingBound<KeptIq>
  /** of all sessions; what is in them is of some hundred bytes */
  others: AgingBound<unknown>
}

/** `total`: bytes that all sessions may have */
export function createBounds({
  limits: { keptMax, keptBytes },
  total,
  metrics,
}: {
  limits: StoreLimits
  total: number
  metrics: Metrics | undefined
}): AgingBounds {
  const shared = { entries: keptMax, bytes: keptBytes, room: createRoom(total), forgotten: () => countForgotten(metrics, 1) }
  return {
    records: {
      ...shared,
      sizeOf: ({ record: { to, history, error } }) =>
        ENTRY + to.length + STEP * history.length + (error === undefined ? 0 : JSON.stringify(error).length),
    },
    marks: { ...shared, sizeOf: (mark) => ENTRY + ('answer' in mark ? mark.answer.length : 0) },
    copies: { ...shared, sizeOf: (list) => list.reduce((sum, { ways }) => sum + ENTRY + STEP * ways.length, ENTRY) },
    iqs: { ...shared, sizeOf: (iq) => ENTRY + JSON.stringify(iq).length },
    others: { ...shared, entries: MANY, sizeOf: () => ENTRY },
  }
}
