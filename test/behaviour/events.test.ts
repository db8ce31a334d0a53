import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createParser } from 'eventsource-parser'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, openAccount, openClient, users } from './account.ts'

interface Told {
  id: string
  type: string
  // biome-ignore lint/suspicious/noExplicitAny: by type of event
  data: any
}

forEachCell('events', { server: { users: users('romeo', 'juliet', 'paris') } }, (cell) => {
  let romeo: Account
  let juliet: Client
  let paris: Client

  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
    paris = await openClient(cell(), 'paris')
  })
  after(async () => {
    await Promise.all([juliet?.stop(), paris?.stop(), romeo?.close()])
  })

  const bareOf = (client: Client) => client.jid.split('/')[0] as string
  const page = (query: Record<string, string | number>) => romeo.api('GET', '/events', { query })

  /** Sends a message and resolves when it is in the log. */
  async function receive(client: Client, body: string): Promise<Told> {
    client.send(`<message to='${romeo.full}' type='chat'><body>${body}</body></message>`)
    return romeo.events.next((one) => one.data.body === body)
  }

  describe('as pages', () => {
    it('begin with the oldest and go on from page to page', async () => {
      for (const body of ['p1', 'p2', 'p3', 'p4', 'p5']) await receive(juliet, body)
      const all = (await page({ after: '0', limit: 1000 })).body.data as Told[]
      const walked: Told[] = []
      let next = '0'
      for (;;) {
        const { status, body } = await page({ after: next, limit: 2 })
        assert.equal(status, 200)
        if (body.data.length === 0) break
        walked.push(...body.data)
        next = body.page.next
      }
      assert.deepEqual(walked, all)
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
      for (const { id } of all) assert.match(id, /^[A-Za-z0-9_-]+$/)
    })

    it('hold back until something comes', async () => {
      const { next } = (await page({ limit: 1000 })).body.page
      const waiting = page({ after: next, wait: 30, types: 'message.received' })
      const told = await receive(juliet, 'worth the wait')
      const { body } = await waiting
      assert.deepEqual(
        body.data.map(({ id }: Told) => id),
        [told.id],
      )
      const none = await page({ after: body.page.next, wait: 1, types: 'message.received' })
      assert.deepEqual([none.status, none.body.data, typeof none.body.page.next], [200, [], 'string'])
    })

    it('are filtered by type and by JID, past what the filter leaves out', async () => {
      const { next } = (await page({ limit: 1000 })).body.page
      await receive(juliet, 'from juliet')
      await receive(paris, 'from paris')
      await romeo.say(bareOf(juliet), 'to juliet')
      const received = await page({ after: next, types: 'message.received' })
      assert.deepEqual(
        received.body.data.map(({ data }: Told) => data.body),
        ['from juliet', 'from paris'],
      )
      const families = await page({ after: next, types: 'message.*,presence.*' })
      assert.ok(families.body.data.length > 2)
      const ofParis = await page({ after: next, types: 'message.received', jids: bareOf(paris) })
      assert.deepEqual(
        ofParis.body.data.map(({ data }: Told) => data.body),
        ['from paris'],
      )
      const end = await page({ after: ofParis.body.page.next, types: 'message.received' })
      assert.deepEqual(end.body.data, [])
    })

    it('refuse cursors that are none of this session', async () => {
      for (const after of ['nonsense', '-1']) {
        const answer = await page({ after })
        assert.deepEqual([answer.status, answer.body.code], [400, 'cursor-invalid'], after)
      }
    })
  })

  describe('as server-sent events', () => {
    /** Reads events of one stream until `enough`. */
    async function read(
      query: Record<string, string>,
      headers: Record<string, string>,
      enough: (told: Told[]) => boolean,
    ): Promise<Told[]> {
      const { gateway } = cell()
      const target = new URL(`${gateway.url}/events`)
      for (const [name, value] of Object.entries({ session: romeo.id, ...query })) target.searchParams.set(name, value)
      const stop = new AbortController()
      const answer = await fetch(target, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${gateway.key}`, ...headers },
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(10_000)]),
      })
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
      const told: Told[] = []
      const parser = createParser({
        onEvent({ id, event, data }) {
          const one = JSON.parse(data) as Told
          assert.equal(event, undefined)
          assert.equal(id, one.id)
          told.push(one)
        },
      })
      const decoder = new TextDecoder()
      for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
        parser.feed(decoder.decode(chunk, { stream: true }))
        if (enough(told)) break
      }
      stop.abort()
      return told
    }

    it('go on after Last-Event-ID', async () => {
      const first = await receive(juliet, 'sse 1')
      await receive(juliet, 'sse 2')
      await receive(juliet, 'sse 3')
      const told = await read({ types: 'message.received' }, { 'last-event-id': first.id }, (all) => all.length >= 2)
      assert.deepEqual(
        told.map(({ data }) => data.body),
        ['sse 2', 'sse 3'],
      )
    })

    it('begin with the oldest where that is asked for', async () => {
      const told = await read({ after: '0', types: 'message.received' }, {}, (all) => all.length >= 2)
      assert.deepEqual(
        told.slice(0, 2).map(({ data }) => data.body),
        ['p1', 'p2'],
      )
    })
  })

  describe('as a WebSocket', () => {
    it('go on after a cursor, live after what was missed', async () => {
      const first = await receive(juliet, 'ws 1')
      await receive(juliet, 'ws 2')
      const stream = cell().gateway.events({ session: romeo.id, query: { after: first.id, types: 'message.received' } })
      try {
        assert.equal((await stream.next('message.received')).data.body, 'ws 2')
        await receive(juliet, 'ws 3')
        assert.equal((await stream.next('message.received')).data.body, 'ws 3')
      } finally {
        stream.socket.terminate()
      }
    })

    it('are opened with a ticket, once', async () => {
      const { gateway } = cell()
      const made = await romeo.api('POST', '/tickets')
      assert.equal(made.status, 201)
      assert.match(made.body.ticket, /^[\w-]+$/)
      const stream = gateway.events({ key: null, query: { ticket: made.body.ticket } })
      await stream.opened
      stream.socket.terminate()
      const again = gateway.events({ key: null, query: { ticket: made.body.ticket } })
      await assert.rejects(again.opened, /HTTP 401.*ticket-invalid/)
    })

    it('are refused to a foreign origin and an unknown token', async () => {
      const { gateway } = cell()
      await assert.rejects(gateway.events({ session: romeo.id, headers: { origin: 'https://evil.example' } }).opened, /HTTP 403/)
      await assert.rejects(gateway.events({ session: romeo.id, key: 'sgk_unknown' }).opened, /HTTP 401/)
    })
  })

  it('tell the same in the same order, whichever way they are read', async () => {
    const { next } = (await page({ limit: 1000 })).body.page
    const stream = cell().gateway.events({ session: romeo.id, query: { after: next } })
    try {
      await romeo.say(bareOf(juliet), 'told')
      const last = await receive(juliet, 'the last of all')
      await stream.next((one) => one.id === last.id)
      const paged = (await page({ after: next, limit: 1000 })).body.data as Told[]
      const upTo = paged.findIndex(({ id }) => id === last.id) + 1
      assert.deepEqual(stream.events.slice(0, upTo), paged.slice(0, upTo))
    } finally {
      stream.socket.terminate()
    }
  })
})
