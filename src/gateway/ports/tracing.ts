/** The trace of a request as it is kept with what the request sends (W3C Trace Context, the CloudEvents extension Distributed Tracing). */
export interface Trace {
  /** as it came; of a trace that begins here, its first span */
  traceparent: string
  tracestate?: string
  /** id of the span of ours that comes next belongs to; it is not told in events */
  span?: string
}

export type Attributes = Readonly<Record<string, string | number>>

/**
 * request: of a caller, to its answer · accept: into the outbox · write: to the socket · ack: from there until the server has it ·
 * append: from a stanza's arrival until it is stored · delivery: of an event, to a webhook or a stream
 */
export type SpanKind = 'request' | 'accept' | 'write' | 'ack' | 'append' | 'delivery'

/** Something that is done, from its beginning to its end. */
export interface Span {
  /** for what comes of it */
  readonly trace: Trace
  /** `fault`: the code of what it failed by */
  end(outcome?: { fault?: string | undefined; attributes?: Attributes }): void
}

/** Tells a tracing backend what is done. Attributes hold what a line of the log may: ids, codes, numbers. */
export interface Tracing {
  /** Is there one? Where not, nothing is to be prepared for it. */
  readonly isOn: boolean
  /** undefined: nobody wants to know of it. `name`: default the kind; `at`: when it began, epoch ms, default now. */
  begin(kind: SpanKind, about: { parent: Trace | undefined; name?: string; at?: number; attributes?: Attributes }): Span | undefined
}

export const noTracing: Tracing = { isOn: false, begin: () => undefined }
