/** The trace of a request as it is kept with what the request sends (W3C Trace Context, the CloudEvents extension Distributed Tracing). */
export interface Trace {
  /** as it came */
  traceparent: string
  tracestate?: string
}
