/** Where OTEL_* names an endpoint the spans go there; else there are none, and nothing of OpenTelemetry is loaded. */
import type { Log } from '../gateway/ports/log.ts'
import { noTracing } from '../gateway/ports/tracing.ts'
import type { OpenTracing } from './opentelemetry.ts'

export async function openTracing(
  variables: Readonly<Record<string, string>> | undefined,
  about: { version: string; instance: string; log: Log },
): Promise<OpenTracing> {
  if (variables === undefined) return { ...noTracing, stop: async () => {} }
  const { createOpenTelemetry } = await import('./opentelemetry.ts')
  return createOpenTelemetry(variables, about)
}
