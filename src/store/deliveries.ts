import type { DeliveryRow } from '../gateway/ports/webhook.ts'

/** newest first; ids decide between equals */
export const byFirstTry = (one: DeliveryRow, other: DeliveryRow): number =>
  other.firstTryAt - one.firstTryAt || (one.id < other.id ? 1 : one.id > other.id ? -1 : 0)
