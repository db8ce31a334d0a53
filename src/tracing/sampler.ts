/** What OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG mean. */
import { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, type Sampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'

const PARENT_BASED = 'parentbased_'

export function samplerOf({
  OTEL_TRACES_SAMPLER: name = 'parentbased_always_on',
  OTEL_TRACES_SAMPLER_ARG: ratio = '1',
}: Readonly<Record<string, string>>): Sampler {
  if (name.startsWith(PARENT_BASED)) return new ParentBasedSampler({ root: rootOf(name.slice(PARENT_BASED.length), ratio) })
  return rootOf(name, ratio)
}

function rootOf(name: string, ratio: string): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler()
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(Number(ratio)) : new AlwaysOnSampler()
}
