/** The trace of a request (W3C Trace Context) with what the request sends. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { CloudEvent } from '../support/event-stream.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { Cell } from '../support/matrix.ts'
import { startProsody } from '../support/prosody.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Delivery, type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { type Account, onlineElsewhere, openAccount, openClient, users, withBody } from './account.ts'

/** ms until another instance has the session */
const MOVED = 30_000

const newTrace = () => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
const about = (id: string, type: string) => (event: CloudEvent) => event.subject === id && event.type === type

describe('the trace of a request', () => {
  let server: XmppServer
  let fleet: Fleet
  let romeo: Account
  let juliet: Client
  let receiver: Receiver

  before(async () => {
    server = await startProsody({ users: users('romeo', 'juliet') })
    fleet = await startFleet(2, { server, env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1', MCP: 'on' } })
    const cell: Cell = { server, gateway: fleet.instances[0]!, store: 'redis' }
    romeo = await openAccount(cell, 'romeo')
    juliet = await openClient(cell, 'juliet')
    receiver = await startReceiver()
  })
  after(async () => {
    romeo?.events.socket.terminate()
    await juliet?.stop()
    await receiver?.stop()
    await fleet?.stop()
    await server?.stop()
  })

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) => romeo.api('POST', path, { body, headers })
  const message = (body: string) => ({ to: juliet.jid, body, receipt: { type: 'request' } })
  const receipt = (id: string) => juliet.send(`<message to='${romeo.full}'><received xmlns='urn:xmpp:receipts' id='${id}'/></message>`)

  it('is told in the events of its message and in the headers of their webhooks, also after the session moved', async () => {
    const trace = { traceparent: newTrace(), tracestate: 'rojo=1,congo=2' }
    const [first, second] = fleet.instances
    const hook = await first!.api('POST', '/webhooks', { body: { url: receiver.url, types: ['message.*'], session: romeo.id } })
    assert.equal(hook.status, 201, hook.text)
    const { body } = await post('/messages', message('traced'), trace)
    await romeo.events.next(about(body.id, 'message.acked'))
    const other = await post('/messages', message('not traced'))
    await romeo.events.next(about(other.body.id, 'message.acked'))

    await first!.stop()
    await onlineElsewhere(fleet, second!, romeo.id, 'i0', MOVED)
    await juliet.next(withBody('traced'))
    receipt(body.id)
    receipt(other.body.id)
    const isDelivered = ({ body: text }: Delivery) => about(other.body.id, 'message.delivered')(JSON.parse(text))
    await receiver.received(1, isDelivered)

    const page = await second!.api('GET', '/events', { query: { session: romeo.id, types: 'message.*' } })
    const events: (CloudEvent & typeof trace)[] = page.body.data
    const told = events.filter(({ subject }) => subject === body.id)
    const types = told.map(({ type }) => type)
    for (const type of ['message.accepted', 'message.acked', 'message.delivered']) assert.ok(types.includes(type), type)
    for (const { traceparent, tracestate } of told) assert.deepEqual({ traceparent, tracestate }, trace)
    for (const { id, traceparent, tracestate } of told) {
      const [delivery] = await receiver.received(1, ({ headers }) => headers['webhook-id'] === id)
      assert.deepEqual({ traceparent: delivery!.headers.traceparent, tracestate: delivery!.headers.tracestate }, trace)
      assert.deepEqual({ traceparent, tracestate }, trace)
    }
    const untold = events.filter(({ subject }) => subject === other.body.id)
    assert.ok(untold.length >= 3)
    assert.ok(untold.every((event) => !('traceparent' in event) && !('tracestate' in event)))
    assert.ok(receiver.deliveries.filter(({ body: text }) => text.includes(other.body.id)).every(({ headers }) => !headers.traceparent))
  })

  it('is taken with whatever is sent, by each way', async () => {
    const gateway = fleet.instances[1]!
    const events = gateway.events({ session: romeo.id })
    await events.opened
    const send = (path: string, body: unknown, headers: Record<string, string>) =>
      gateway.api('POST', path, { body, headers, query: { session: romeo.id } })
    const traces = Array.from({ length: 5 }, newTrace)
    const headers = (index: number, more = {}) => ({ traceparent: traces[index]!, ...more })

    const batch = await send('/messages/batch', { messages: [message('one'), message('two')] }, headers(0))
    const stanza = await send('/stanzas', { message: message('three') }, headers(1))
    const iq = await send('/iq', { type: 'get', to: server.domain, payload: { ping: {} } }, headers(2, { prefer: 'respond-async' }))
    const rpc = await events.request('messages.send', { ...message('four'), traceparent: traces[3] })
    const params = { name: 'send_message', arguments: { to: juliet.jid, body: 'by a tool' } }
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
    const accept = { accept: 'application/json, text/event-stream' }
    const tool = await gateway.api('POST', '/mcp', { body: call, key: romeo.token, headers: headers(4, accept) })
    const sent: [string, string, string][] = [
      ...batch.body.data.map((one: { message: { id: string } }) => [one.message.id, 'message.acked', traces[0]!] as const),
      [stanza.body.id, 'message.acked', traces[1]!],
      [iq.body.id, 'iq.completed', traces[2]!],
      [rpc.result.id, 'message.acked', traces[3]!],
      [tool.body.result.structuredContent.id, 'message.acked', traces[4]!],
    ]
    assert.equal(sent.length, 6)
    for (const [id, type, traceparent] of sent) {
      const event = await events.next(about(id, type))
      assert.equal((event as { traceparent?: string }).traceparent, traceparent)
    }

    const ignored = [await send('/messages', message('five'), { traceparent: 'not one' })]
    assert.equal(ignored[0]!.status, 202)
    const wrong = await events.request('messages.send', { ...message('six'), traceparent: 7, tracestate: {} })
    for (const id of [ignored[0]!.body.id, wrong.result.id]) assert.ok(!('traceparent' in (await events.next(about(id, 'message.acked')))))
    events.socket.terminate()
  })
})
