/** Spans as OpenTelemetry has them. Nothing here waits for the network: what cannot be sent in time is dropped. */
import {
  createTraceState,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { settledWithin } from '../deadline.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { SpanKind as Kind, Trace, Tracing } from '../gateway/ports/tracing.ts'
import { exporterOf, told } from './exporter.ts'
import { samplerOf } from './sampler.ts'

/** ms between two words of the packages that the log is told, at least */
const QUIET = 60_000
/** ms that a stop waits for the last spans to be taken */
const STOP_WITHIN = 2_000

export interface OpenTracing extends Tracing {
  /** sends what there is still; resolves when that is done, or cannot be in time */
  stop(): Promise<void>
}

const kinds: Record<Kind, SpanKind> = {
  request: SpanKind.SERVER,
  accept: SpanKind.INTERNAL,
  write: SpanKind.PRODUCER,
  ack: SpanKind.INTERNAL,
  append: SpanKind.CONSUMER,
  delivery: SpanKind.PRODUCER,
}

/** `variables`: those whose names begin with OTEL_; the packages read them from the environment by themselves. */
export async function createOpenTelemetry(
  variables: Readonly<Record<string, string>>,
  { version, instance, log }: { version: string; instance: string; log: Log },
): Promise<OpenTracing> {
  let quietUntil = 0
  const tell = (reason: string) => {
    if (performance.now() < quietUntil) return
    quietUntil = performance.now() + QUIET
    log.warn({ event: 'traces', reason }, 'OpenTelemetry complains')
  }
  const quiet = () => {}
  diag.setLogger(
    { error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const number = (name: string, usual: number) => Number(variables[`OTEL_BSP_${name}`]) || usual
  const provider = new TracerProvider({
    sampler: samplerOf(variables),
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'stanzagate', 'service.version': version, 'service.instance.id': instance }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: told(await exporterOf(variables), log),
        maxQueueSize: number('MAX_QUEUE_SIZE', 2_048),
        maxExportBatchSize: number('MAX_EXPORT_BATCH_SIZE', 512),
        scheduledDelayMillis: number('SCHEDULE_DELAY', 5_000),
        exportTimeoutMillis: number('EXPORT_TIMEOUT', 30_000),
      }),
    ],
  })
  const tracer = provider.getTracer('stanzagate', version)

  return {
    isOn: true,
    begin(kind, { parent, name = kind, at, attributes = {} }) {
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent))
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes, ...(at !== undefined && { startTime: at }) }, context)
      const own = span.spanContext()
      if ((own.traceFlags & TraceFlags.SAMPLED) === 0) return undefined
      return {
        trace: { ...(parent ?? { traceparent: `00-${own.traceId}-${own.spanId}-01` }), span: own.spanId },
        end({ fault, attributes: more } = {}) {
          if (more) span.setAttributes(more)
          if (fault !== undefined) span.setAttribute('error.type', fault).setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        },
      }
    },
    stop: () => settledWithin(STOP_WITHIN, provider.shutdown()),
  }
}

function contextOf({ traceparent, tracestate, span }: Trace): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  return {
    traceId,
    spanId: span ?? spanId,
    traceFlags: span === undefined ? Number.parseInt(flags, 16) : TraceFlags.SAMPLED,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  }
}
