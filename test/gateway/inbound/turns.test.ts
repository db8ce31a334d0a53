import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createTurns, type Turns } from '../../../src/fair/turns.ts'
import type { Handled } from '../../../src/gateway/inbound/queue.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { unwatched } from '../unwatched.ts'
import { createReceivingInbound } from './receiving-inbound.ts'

const stanza = parseStanza('<message/>')
const clock = { now: Date.now, monotonic: () => performance.now() }

/** ms that one stanza keeps the event loop busy here, and that all of one turn may */
const WORK = 5
const TURN = 10

function work(): void {
  for (const until = performance.now() + WORK; performance.now() < until; );
}

/** What comes in for a session of a tenant, whose stanzas are dear. `told` has what became of them. */
function start(turns: Pick<Turns, 'wait'>, tenant: string, told: string[]) {
  return createReceivingInbound({
    turn: () => turns.wait(tenant),
    watch: unwatched,
    receive: async ({ connection }) => {
      work()
      told.push(`${tenant}${connection}`)
      return { change: {}, after: [] }
    },
    write: async () => undefined,
    stream: () => 'stream',
    stored: () => undefined,
    snapshot: () => null,
    clock,
    onError: (error) => assert.fail(String(error)),
  })
}

test('the event loop has its turn between stanzas, however many come at once', async () => {
  const told: string[] = []
  const inbound = start(createTurns({ most: TURN }), 'a', told)
  for (let n = 0; n < 60; n += 1) inbound.push(n, stanza, n)
  let most = 0
  while (told.length < 60) {
    const before = told.length
    await nextTurn()
    most = Math.max(most, told.length - before)
  }
  assert.ok(most <= 10, `${most} stanzas of ${WORK} ms were handled in one turn of the event loop`)
  assert.deepEqual(
    told,
    Array.from({ length: 60 }, (_, n) => `a${n}`),
  )
})

test('one session does not wait for all that came for another', async () => {
  const told: string[] = []
  const turns = createTurns({ most: TURN })
  const [busy, other] = [start(turns, 'busy ', told), start(turns, 'other ', told)]
  for (let n = 0; n < 50; n += 1) busy.push(n, stanza, n)
  other.push(0, stanza, 0)
  await Promise.all([busy.settled(), other.settled()])
  assert.ok(told.indexOf('other 0') < 10, `it came after ${told.indexOf('other 0')} others`)
})

test('what is handled in parts goes on before anything else, each part stored by itself', async () => {
  const steps: string[] = []
  const parts = ['one', 'two', 'three']
  const inbound = createReceivingInbound({
    turn: () => undefined,
    watch: unwatched,
    receive: async () => ({ change: { events: [{ type: 'stanza', data: {} }] }, after: [] }),
    write: async ({ events = [] }) => void steps.push(events.map(({ type }) => type).join()),
    stream: () => 'stream',
    stored: (_, position) => steps.push(`stored ${position}`),
    snapshot: () => null,
    clock,
    onError: (error) => assert.fail(String(error)),
  })
  inbound.push(0, stanza, 1)
  const whole = inbound.enqueue(async (): Promise<Handled> => {
    const type = parts.shift() as string
    return { change: { events: [{ type, data: {} }] }, after: [() => steps.push(`after ${type}`)], more: parts.length > 0 }
  })
  inbound.push(0, stanza, 2)
  await whole
  await inbound.settled()
  assert.deepEqual(steps, ['stanza,one', 'stored 1', 'after one', 'two', 'after two', 'three,stanza', 'stored 2', 'after three'])
})

test('a commit ends where its stanzas are large, and the others follow in their order', async () => {
  const writes: number[][] = []
  const inbound = createReceivingInbound({
    turn: () => undefined,
    watch: unwatched,
    receive: async ({ connection }) => ({ change: { events: [{ type: 'stanza', data: connection }] }, after: [] }),
    write: async ({ events = [] }) => void writes.push(events.map(({ data }) => data as number)),
    stream: () => 'stream',
    stored: () => undefined,
    snapshot: () => null,
    clock,
    onError: (error) => assert.fail(String(error)),
  })
  const large = parseStanza(`<message><body>${'x'.repeat(240_000)}</body></message>`)
  for (let n = 0; n < 12; n += 1) inbound.push(n, n < 10 ? large : stanza, n)
  await inbound.settled()
  assert.deepEqual(writes, [
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9, 10, 11],
  ])
})
