/** Readers that keep nothing themselves and die again and again: their name is all that they know. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { createRandom } from '../chaos/random.ts'
import { type Cell, forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, users } from './account.ts'

const TOTAL = 20_000
const KILLS = 50
/** an archive of more than 10,000 takes Prosody long */
const NO_STORE = "<no-store xmlns='urn:xmpp:hints'/>"
/** stanzas that are written at one time */
const BATCH = 200
/** … and that have not come yet, about */
const AHEAD = 800

interface Told {
  id: string
  data: { body: string }
}

/** A reader in one of its lives. */
interface Reader {
  /** what came, once there is something */
  read(): Promise<Told[]>
  ack(cursor: string): Promise<unknown>
  /** it is gone at once, whatever is under way */
  kill(): void
  /** it gets the same again until it has acked it */
  isPage?: true
}

type Way = (cell: Cell, session: string) => Promise<Reader>

const ways: Record<string, Way> = { websocket: overWebSocket, sse: overSse, page: overPages }

forEachCell('named consumers that are killed and started again', { server: { users: users('romeo', 'juliet') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), romeo?.close()])
  })

  it(`get each of ${TOTAL} events, in order, by WebSocket, server-sent events and long poll`, { timeout: 240_000 }, async () => {
    const readers = Object.keys(ways).map((name, index) => live(name, () => ways[name]!(cell(), romeo.id), 1_000 + index))
    // all have begun before the first is told
    await Promise.all(readers.map(({ begun }) => begun))
    for (let n = 1; n <= TOTAL; n += BATCH) {
      const stanza = (k: number) => `<message to='${romeo.full}' type='chat'><body>${n + k}</body>${NO_STORE}</message>`
      juliet.send(Array.from({ length: BATCH }, (_, k) => stanza(k)).join(''))
      // servers cut off who is far behind
      if (n > AHEAD) await romeo.events.next(({ data }) => data.body === String(n - AHEAD), 60_000)
    }
    const kills = await Promise.all(readers.map(({ done }) => done))
    assert.ok(Math.min(...kills) >= KILLS, kills.join())
    const { body } = await romeo.api('GET', '/events/consumers')
    assert.deepEqual(
      body.data.map((one: { name: string; lag: { events: number } }) => [one.name, one.lag.events]),
      Object.keys(ways)
        .toSorted()
        .map((name) => [name, 0]),
    )
  })
})

/** Lives one life after the other until all is read; `done` answers how many there were. */
function live(name: string, open: () => Promise<Reader>, seed: number): { begun: Promise<void>; done: Promise<number> } {
  const random = createRandom(seed)
  const begun = Promise.withResolvers<void>()
  let reached = 0

  /** Reads about so many. */
  async function oneLife(reader: Reader, most: number): Promise<void> {
    let before: number | undefined
    for (let count = 0; count < most && reached < TOTAL; ) {
      const events = await untilTaken(() => reader.read())
      for (const { id, data } of events) {
        const number = Number(data.body)
        // within a life nothing is left out or comes twice; from one to the next nothing is skipped
        const isNext = before === undefined ? number <= reached + 1 : number === before + 1
        assert.ok(isNext, `${name}: ${number} after ${before ?? reached}`)
        before = number
        reached = Math.max(reached, number)
        count += 1
        if (reached === TOTAL) await untilTaken(() => reader.ack(id))
        else if (random.between(1, 20) === 1) {
          // one is waited for, so that a life goes on after the one before it; of another nobody knows whether it arrives
          if (random.between(1, 2) === 1) await untilTaken(() => reader.ack(id))
          else reader.ack(id).catch(() => {})
        }
        if (count >= most) return
      }
      const last = events.at(-1)
      if (reader.isPage && last) await untilTaken(() => reader.ack(last.id))
    }
  }

  async function run(): Promise<number> {
    let lives = 0
    while (reached < TOTAL) {
      const reader = await untilTaken(open)
      begun.resolve()
      await oneLife(reader, random.between(1, (2 * TOTAL) / KILLS - 100))
      reader.kill()
      lives += 1
    }
    return lives
  }
  const done = run()
  done.catch(begun.reject)
  return { begun: begun.promise, done }
}

const types = 'message.received'

async function overWebSocket({ gateway }: Cell, session: string): Promise<Reader> {
  const stream = gateway.events({ session, query: { consumer: 'websocket', types } })
  const { push, read } = createQueue()
  stream.socket.on('message', (frame) => {
    const event = JSON.parse(String(frame))
    if (event.specversion !== undefined) push(event)
  })
  await stream.opened
  return {
    read,
    async ack(cursor) {
      const { error } = await stream.request('events.ack', { consumer: 'websocket', cursor })
      if (error) throw new Error(`HTTP ${error.data.status}`)
    },
    kill: () => stream.socket.terminate(),
  }
}

async function overSse({ gateway }: Cell, session: string): Promise<Reader> {
  const stop = new AbortController()
  const response = await fetch(`${gateway.url}/events?session=${session}&consumer=sse&types=${types}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${gateway.key}` },
    signal: stop.signal,
  })
  if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
  const { push, read } = createQueue()
  const parser = createParser({ onEvent: ({ data }) => push(JSON.parse(data)) })
  const body = response.body!.pipeThrough(new TextDecoderStream())
  const reading = (async () => {
    for await (const text of body) parser.feed(text)
  })()
  reading.catch(() => {})
  return { read, ack: acked(gateway, session, 'sse'), kill: () => stop.abort() }
}

async function overPages({ gateway }: Cell, session: string): Promise<Reader> {
  const page = (wait: number) =>
    gateway.api('GET', '/events', { query: { session, consumer: 'page', types, limit: 100, wait } }).then(({ status, body }) => {
      if (status !== 200) throw new Error(`HTTP ${status}`)
      return body.data as Told[]
    })
  let first: Promise<Told[]> | undefined = page(0)
  await first
  return {
    async read() {
      const asked = first ?? page(5)
      first = undefined
      const events = await asked
      return events
    },
    ack: acked(gateway, session, 'page'),
    kill() {},
    isPage: true,
  }
}

function acked(gateway: Cell['gateway'], session: string, consumer: string): Reader['ack'] {
  return async (cursor) => {
    const { status } = await gateway.api('POST', '/events/ack', { query: { session }, body: { consumer, cursor } })
    if (status !== 204) throw new Error(`HTTP ${status}`)
  }
}

/** A gateway that is too busy says so, and whoever waits a little is taken. */
async function untilTaken<Result>(work: () => Promise<Result>, tries = 100): Promise<Result> {
  try {
    return await work()
  } catch (thrown) {
    if (tries === 0 || !(thrown instanceof Error) || !thrown.message.startsWith('HTTP 503')) throw thrown
    await delay(100)
    return untilTaken(work, tries - 1)
  }
}

/** What came and was not read yet. */
function createQueue(): { push(event: Told): void; read(): Promise<Told[]> } {
  let waiting: Told[] = []
  let come = Promise.withResolvers<void>()
  return {
    push(event) {
      waiting.push(event)
      come.resolve()
    },
    async read() {
      await come.promise
      const events = waiting
      waiting = []
      come = Promise.withResolvers()
      return events
    },
  }
}
