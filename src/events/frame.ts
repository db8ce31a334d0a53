import type { StoredEvent } from '../gateway/ports/event.ts'

/** An event as it is sent, made once for all readers of a session. */
export interface Frame {
  event: StoredEvent
  /** the CloudEvent as JSON */
  readonly text: string
  /** the same as a whole WebSocket text frame of a server (RFC 6455 section 5.2) */
  readonly wire: Buffer
  /** the same as a server-sent event */
  readonly sse: Buffer
}

/** bytes of what is told beside the data, about */
const ENVELOPE = 250

/** Each form is written when the first reader needs it, and never again. */
export function createFrame(event: StoredEvent, session: string): Frame {
  let wire: Buffer | undefined
  let sse: Buffer | undefined
  return {
    event,
    get text() {
      return cloudEvent(event, session)
    },
    get wire() {
      wire ??= textFrame(Buffer.from(this.text))
      return wire
    },
    get sse() {
      sse ??= Buffer.from(`id: ${event.id}\ndata: ${this.text}\n\n`)
      return sse
    },
  }
}

/** Bytes that an event takes when it is sent, about, without writing it. */
export const sizeOf = ({ event: { size = 0 } }: Frame) => ENVELOPE + size

/** An event of the log as callers see it: CloudEvents 1.0 in JSON. Data that is kept as JSON goes on as it is. */
function cloudEvent(event: StoredEvent, session: string): string {
  const { id, type, subject, time, json, trace } = event
  const head = {
    specversion: '1.0',
    id,
    source: `/sessions/${session}`,
    type,
    ...(subject !== undefined && { subject }),
    time: new Date(time).toISOString(),
    ...(trace && { traceparent: trace.traceparent, ...(trace.tracestate !== undefined && { tracestate: trace.tracestate }) }),
    datacontenttype: 'application/json',
  }
  if (json === undefined) return JSON.stringify({ ...head, data: event.data })
  return `${JSON.stringify(head).slice(0, -1)},"data":${json}}`
}

const FINAL_TEXT = 0x81

function textFrame(payload: Buffer): Buffer {
  const { length } = payload
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  header[0] = FINAL_TEXT
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([header, payload])
}
