/** What one read of a log gives, the same for every store. */
import type { StoredEvent } from '../gateway/ports/event.ts'
import type { Trace } from '../gateway/ports/tracing.ts'
import { type Packed, unpack } from './packed.ts'

/** Bytes of events that one read gives; the last event may go beyond. Redis serves all sessions over one connection. */
export const READ_BYTES = 256 * 1024

/** Data as it is kept. */
export type KeptData = string | Packed | undefined

/** An event whose data is unpacked and read when somebody asks. */
export function storedEvent({
  id,
  type,
  subject,
  time,
  kept,
  trace,
}: Pick<StoredEvent, 'id' | 'type' | 'time'> & { subject: string | undefined; kept: KeptData; trace?: Trace | undefined }): StoredEvent {
  let data: unknown
  let isRead = false
  const json = () => (typeof kept === 'object' ? unpack(kept) : kept)
  return {
    id,
    type,
    ...(subject !== undefined && { subject }),
    time,
    ...(trace !== undefined && { trace }),
    size: sizeOf(kept),
    get json() {
      return json()
    },
    get data() {
      if (!isRead && kept !== undefined) data = JSON.parse(json()!)
      isRead = true
      return data
    },
  }
}

/** bytes of the JSON */
export const sizeOf = (kept: KeptData) => (typeof kept === 'object' ? kept.size : kept === undefined ? 0 : Buffer.byteLength(kept))
