import { after, it } from 'node:test'
import type { z } from 'zod'
import { createRegistry } from '../../src/api/event-registry.ts'
import { createInvoke } from '../../src/api/invoke.ts'
import { parseJson } from '../../src/api/json.ts'
import { problemBody, problemOf } from '../../src/api/problem.ts'
import { createTranslator } from '../../src/codec/translate.ts'
import { consumerOperations } from '../../src/events/consumer-operations.ts'
import type { Consumers } from '../../src/events/consumers.ts'
import { eventOperations } from '../../src/events/operations.ts'
import { features } from '../../src/features/index.ts'
import type { Call, Operation } from '../../src/gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../../src/gateway/contract/session.ts'
import { definitions } from '../../src/protocol/index.ts'
import { xmlLimits } from '../../src/xml/limits.ts'
import { watchUndeclared } from '../support/undeclared.ts'
import { type Body, bodiesOf } from './bodies.ts'
import { assertLinear, type Steps } from './doubling.ts'
import { createSamples } from './samples.ts'

/** characters that the head of a request can have: node's limit of it */
const HEAD = 16 * 1024

/** All operations of the gateway, acting for a session that takes everything. */
export function allOperations(): { operations: Operation[]; sessions: Sessions } {
  const vocabulary = createTranslator(definitions)
  const sessions = {
    resolve: async () => session,
    ofMessage: async () => session,
    open: refused,
    list: async () => [session],
  } as unknown as Sessions
  const none = {} as never
  const registry = createRegistry(features.flatMap((feature) => feature.events?.(vocabulary) ?? []))
  const events = eventOperations({
    tails: none,
    consumers: none,
    metrics: none,
    tickets: none,
    registry,
    draining: AbortSignal.abort(),
    refusal: none,
  })
  const consumers = { ack: async () => {}, list: async () => [] } as unknown as Consumers
  const limits = { stanza: xmlLimits.bytes, upload: xmlLimits.bytes }
  const ofFeatures = features.flatMap((feature) => feature.operations?.({ vocabulary, sessions, limits, put: refused }) ?? [])
  return { operations: [...ofFeatures, events.list, events.createTicket, ...consumerOperations({ consumers })], sessions }
}

const record = { id: 'ses_x', tenant: 't', jid: 'romeo@montague.lit', handles: [], createdAt: 0, presence: {} }
const session = {
  record,
  status: async () => ({ state: 'online', connections: [] }),
  accept: async () => ({ kind: 'accepted' }),
  answered: async () => undefined,
  message: async () => undefined,
  awaitMessage: async () => undefined,
  state: async () => new Map(),
  keptIq: async () => undefined,
  perform: refused,
} as unknown as SessionHandle

async function refused(): Promise<never> {
  throw new Error('This is as far as it goes.')
}

/** Each operation with each of its worst bodies, queries and parameters: from the text to what is answered. */
export function testOperations({ size, most, little, rare }: { size: number; most: number; little: number; rare: boolean }): void {
  const { operations, sessions } = allOperations()
  const store = { idempotency: { begin: async () => ({ kind: 'new' }), finish: refused, release: refused, replace: refused } }
  const { invoke } = createInvoke({ sessions, store: store as never, instance: 'test' })
  // what is refused is refused as it is declared
  after(watchUndeclared())
  const kept = { samples: createSamples(), met: new Set<string>() }

  /** What a request comes to; that it is refused is right. */
  async function answered(
    operation: Operation,
    given: Partial<Pick<Call, 'query' | 'params' | 'body'>> & { isXml?: boolean },
  ): Promise<string> {
    const { params = { id: 'x', jid: 'a@b.example' }, query = {}, body, isXml = false } = given
    try {
      const answer = await invoke(operation, {
        caller: { tenant: 't', session: 'ses_x', scopes: 'all' },
        params: params as Record<string, unknown>,
        query: query as Record<string, unknown>,
        body,
        isXml,
        prefer: {},
        idempotencyKey: 'key',
        accept: 'application/json',
        requestId: 'req',
        signal: AbortSignal.abort(),
      })
      return JSON.stringify(answer)
    } catch (thrown) {
      return JSON.stringify(problemBody(problemOf(thrown), 'req'))
    }
  }

  function withBody(operation: Operation, { json }: Body): (length: number) => Steps {
    return (length) => {
      const text = JSON.stringify(json(length))
      let body: unknown
      try {
        body = parseJson(text)
      } catch {
        // refused by its shape
        return { 'text to JSON': () => attempt(() => parseJson(text)) }
      }
      return { 'text to JSON': () => parseJson(text), 'JSON to answer': () => answered(operation, { body }) }
    }
  }

  const wanted = (schema: z.ZodType | undefined) => (schema ? bodiesOf(schema, kept).filter((one) => rare || !one.rare) : [])

  for (const operation of operations) {
    it(operation.id, async () => {
      const { body, query, params } = operation
      for (const one of wanted(body)) await assertLinear({ what: one.what, prepare: withBody(operation, one) }, { size, most, little })
      for (const [part, schema] of [
        ['query', query],
        ['params', params],
      ] as const)
        for (const one of wanted(schema))
          await assertLinear(
            { what: `${part}.${one.what}`, prepare: (length) => ({ answer: () => answered(operation, { [part]: one.json(length) }) }) },
            { size: HEAD, most, little },
          )
    })
  }
}

function attempt(run: () => unknown): void {
  try {
    run()
  } catch {
    // that it is refused is right
  }
}
