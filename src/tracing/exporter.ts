/** Where spans go: OTLP over HTTP, as OTEL_EXPORTER_OTLP_* say it. */
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Log } from '../gateway/ports/log.ts'

/** ExportResultCode.SUCCESS of @opentelemetry/core */
const DONE = { code: 0 }

/** The exporter reads its variables from the environment. */
export async function exporterOf({
  OTEL_EXPORTER_OTLP_PROTOCOL: usual,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol = usual,
}: Readonly<Record<string, string>>): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter()
}

/** The same, which tells the log once that it does not get through, and once how much was lost. */
export function told(exporter: SpanExporter, log: Log): SpanExporter {
  let lost = 0
  return {
    export(spans, done) {
      exporter.export(spans, ({ error }) => {
        if (error !== undefined) {
          if (lost === 0) log.warn({ event: 'traces', reason: reasonOf(error) }, 'Spans cannot be sent')
          lost += spans.length
        } else if (lost > 0) {
          log.info({ event: 'traces', spans: lost }, 'Spans are sent again; those were lost')
          lost = 0
        }
        // the processor would only write it down once more
        done(DONE)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}

/** a status or the code of a network fault: what a collector answers may be anything */
function reasonOf({ code, name }: Error & { code?: unknown }): string {
  return typeof code === 'string' || typeof code === 'number' ? String(code) : name
}
