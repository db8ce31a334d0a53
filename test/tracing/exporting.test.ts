import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { LogLine } from '../../src/gateway/ports/log.ts'
import { told } from '../../src/tracing/exporter.ts'
import { samplerOf } from '../../src/tracing/sampler.ts'

test('the sampler is the one that OTEL_TRACES_SAMPLER names', () => {
  const parents = 'remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler'
  for (const [name, ratio, expected] of [
    [undefined, undefined, `ParentBased{root=AlwaysOnSampler, ${parents}`],
    ['always_on', undefined, 'AlwaysOnSampler'],
    ['always_off', undefined, 'AlwaysOffSampler'],
    ['traceidratio', '0.25', 'TraceIdRatioBased{0.25}'],
    ['traceidratio', undefined, 'TraceIdRatioBased{1}'],
    ['parentbased_always_on', undefined, `ParentBased{root=AlwaysOnSampler, ${parents}`],
    ['parentbased_always_off', undefined, `ParentBased{root=AlwaysOffSampler, ${parents}`],
    ['parentbased_traceidratio', '0', `ParentBased{root=TraceIdRatioBased{0}, ${parents}`],
  ] as const) {
    const sampler = samplerOf({ ...(name && { OTEL_TRACES_SAMPLER: name }), ...(ratio && { OTEL_TRACES_SAMPLER_ARG: ratio }) })
    assert.ok(sampler.toString().startsWith(expected), `${name}: ${sampler}`)
  }
})

test('the log is told once that spans are lost, without what the collector said, and how many those were', () => {
  let error: Error | undefined = Object.assign(new Error('a token in the answer'), { code: 401 })
  const lines: LogLine[] = []
  const tell = (line: LogLine) => void lines.push(line)
  const inner = { export: (_: unknown, done: (result: object) => void) => done(error ? { code: 1, error } : { code: 0 }) }
  const exporter = told(inner as unknown as SpanExporter, { debug: tell, info: tell, warn: tell, error: tell })
  const codes: number[] = []
  const send = (count: number) => exporter.export(Array<ReadableSpan>(count), ({ code }) => codes.push(code))
  send(2)
  send(3)
  error = undefined
  send(1)
  send(1)
  assert.deepEqual(lines, [
    { event: 'traces', reason: '401' },
    { event: 'traces', spans: 5 },
  ])
  assert.deepEqual(codes, [0, 0, 0, 0])
})
