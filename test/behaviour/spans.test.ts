/** Spans, told to a collector over OTLP/HTTP. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import type { Cell } from '../support/matrix.ts'
import { startProsody } from '../support/prosody.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { type Account, openAccount, openClient, until, users, withBody } from './account.ts'

interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
  status: { code?: number }
}

const attribute = ({ attributes }: Span, name: string) => {
  const { stringValue, intValue } = attributes.find(({ key }) => key === name)?.value ?? {}
  return stringValue ?? intValue
}
const parentOf = (traceparent: unknown) => String(traceparent).split('-')[2]
const traceIdOf = (traceparent: unknown) => String(traceparent).split('-')[1]

let server: XmppServer
let collector: Receiver
const started: { stop(): Promise<unknown> }[] = []
before(async () => {
  server = await startProsody({ users: users('romeo', 'juliet', 'paris') })
  started.push(server)
  collector = await startReceiver()
  started.push(collector)
})
after(async () => {
  for (const one of started.reverse()) await one.stop()
})

const endpointOf = ({ port }: Pick<Receiver, 'port'>) => `http://127.0.0.1:${port}/otel`
async function startTraced(env: Record<string, string>): Promise<TestGateway> {
  const gateway = await startGateway({ server, env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1', ...env } })
  started.push(gateway)
  return gateway
}

describe('spans', () => {
  let gateway: TestGateway
  let romeo: Account
  let juliet: Client
  let hook: Receiver

  before(async () => {
    gateway = await startTraced({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(collector),
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20dHJhY2Vz',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    })
    const cell: Cell = { server, gateway, store: 'memory' }
    romeo = await openAccount(cell, 'romeo')
    juliet = await openClient(cell, 'juliet')
    started.push(juliet)
    hook = await startReceiver()
    started.push(hook)
    const { status } = await gateway.api('POST', '/webhooks', { body: { url: hook.url, types: ['message.*'] } })
    assert.equal(status, 201)
  })
  after(() => romeo?.events.socket.terminate())

  const resources = () => collector.deliveries.flatMap(({ body }) => JSON.parse(body).resourceSpans)
  const spansOf = (traceId: string | undefined): Span[] =>
    resources()
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans)
      .filter((span) => span.traceId === traceId)
  /** once those of these names are told */
  const told = (traceId: string | undefined, ...names: string[]) =>
    until(async () => {
      const spans = spansOf(traceId)
      return names.every((name) => spans.some((span) => span.name === name)) && spans
    })
  const delivered = (spans: readonly Span[], type: string, way: 'webhook' | 'stream') =>
    spans.find(
      (span) =>
        span.name === 'delivery' &&
        attribute(span, 'stanzagate.event') === type &&
        (attribute(span, 'stanzagate.webhook') !== undefined) === (way === 'webhook'),
    )

  it('lead from the request to the ack of the server, and on to the webhook', async () => {
    const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
    const body = { to: juliet.jid, body: 'a secret word', receipt: { type: 'request' } }
    const { body: sent } = await romeo.api('POST', '/messages', { body, headers: { traceparent } })
    await juliet.next(withBody('a secret word'))
    juliet.send(`<message to='${romeo.full}'><received xmlns='urn:xmpp:receipts' id='${sent.id}'/></message>`)
    const about = (type: string) => (text: string) => JSON.parse(text).type === type && JSON.parse(text).subject === sent.id
    const [acked] = await hook.received(1, ({ body: text }) => about('message.acked')(text))
    const [receipt] = await hook.received(1, ({ body: text }) => about('message.delivered')(text))
    const traceId = traceIdOf(traceparent)
    const spans = await until(async () => {
      const all = spansOf(traceId)
      return delivered(all, 'message.acked', 'webhook') && delivered(all, 'message.delivered', 'webhook') && all
    })

    const one = (name: string) => spans.find((span) => span.name === name)!
    const [request, accept, write, ack, append] = ['POST /messages', 'accept', 'write', 'ack', 'append'].map(one) as Span[]
    assert.deepEqual(
      [request, accept, write, ack, append].map((span) => span?.parentSpanId),
      [parentOf(traceparent), request!.spanId, accept!.spanId, write!.spanId, accept!.spanId],
    )
    assert.deepEqual([attribute(request!, 'http.response.status_code'), attribute(request!, 'http.route')], [202, '/messages'])
    assert.equal(attribute(ack!, 'messaging.message.id'), sent.id)
    assert.equal(attribute(ack!, 'stanzagate.session'), romeo.id)
    const deliveries = [delivered(spans, 'message.acked', 'webhook')!, delivered(spans, 'message.delivered', 'webhook')!]
    assert.deepEqual(
      deliveries.map(({ parentSpanId }) => parentSpanId),
      [accept!.spanId, append!.spanId],
    )
    // the webhook goes on with the span of its request, the event says what the caller said
    assert.deepEqual(
      [acked, receipt].map((delivery) => delivery!.headers.traceparent),
      deliveries.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    )
    for (const delivery of [acked, receipt]) assert.equal(JSON.parse(delivery!.body).traceparent, traceparent)
    assert.equal(delivered(spans, 'message.acked', 'stream')?.parentSpanId, accept!.spanId)

    const words = collector.deliveries.map(({ body: text }) => text).join('\n')
    for (const word of ['secret word', 'juliet', 'romeo', gateway.key]) assert.ok(!words.includes(word), word)
    const [first] = collector.deliveries
    assert.deepEqual([first!.path, first!.headers.authorization], ['/otel/v1/traces', 'Basic dHJhY2Vz'])
    const resource: Span['attributes'] = resources()[0].resource.attributes
    const named = Object.fromEntries(resource.map(({ key, value }) => [key, value.stringValue]))
    assert.deepEqual([named['service.name'], named['deployment.environment']], ['stanzagate', 'test'])
  })

  it('begin with a stanza that comes, and with a request of JSON-RPC', async () => {
    juliet.send(`<message to='${romeo.full}' type='chat'><body>good night</body></message>`)
    const event = await romeo.events.next(({ data }) => data?.body === 'good night')
    const { traceparent } = event as { traceparent?: string }
    const spans = await told(traceIdOf(traceparent), 'append', 'delivery')
    const append = spans.find(({ name }) => name === 'append')
    assert.deepEqual([append?.spanId, append?.parentSpanId || undefined], [parentOf(traceparent), undefined])
    const [webhook] = await hook.received(1, ({ body }) => JSON.parse(body).id === event.id)
    assert.equal(traceIdOf(webhook!.headers.traceparent), traceIdOf(traceparent))

    const sent = await romeo.events.request('messages.send', { to: juliet.jid, body: 'and sweet repose' })
    const acked = await romeo.events.next(({ type, subject }) => type === 'message.acked' && subject === sent.result.id)
    const own = traceIdOf((acked as { traceparent?: string }).traceparent)
    const all = await told(own, 'messages.send', 'accept', 'write', 'ack')
    const request = all.find(({ name }) => name === 'messages.send')!
    assert.equal(all.find(({ name }) => name === 'accept')?.parentSpanId, request.spanId)
  })

  it('say what failed, and are not made for a trace that nobody records', async () => {
    const [failed, unsampled] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
    const { status } = await romeo.api('POST', '/messages', { body: 7, headers: { traceparent: `00-${failed}-00000000000000aa-01` } })
    assert.equal(status, 400)
    const id = `chosen-${failed}`
    const again = { body: { to: juliet.jid, body: 'once', id }, headers: { traceparent: `00-${unsampled}-00000000000000aa-00` } }
    assert.equal((await romeo.api('POST', '/messages', again)).status, 202)
    const acked = await romeo.events.next(({ type, subject }) => type === 'message.acked' && subject === id)
    assert.equal((acked as { traceparent?: string }).traceparent, again.headers.traceparent)
    const twice = { ...again, headers: { traceparent: `00-${failed}-00000000000000aa-01` } }
    assert.equal((await romeo.api('POST', '/messages', twice)).status, 409)
    const spans = await told(failed, 'POST /messages', 'accept')
    const accept = spans.find(({ name }) => name === 'accept')!
    assert.deepEqual([accept.status.code, attribute(accept, 'error.type')], [2, 'id-in-use'])
    assert.deepEqual(spansOf(unsampled), [])
  })
})

describe('a collector', () => {
  const say = async (gateway: TestGateway) => {
    const { id } = await gateway.login({ jid: `paris@${server.domain}`, password: users('paris').paris! })
    const body = { to: `juliet@${server.domain}`, body: 'hello' }
    const { status, body: sent } = await gateway.api('POST', '/messages', { body, query: { session: id }, headers: { prefer: 'wait=10' } })
    assert.deepEqual([status, sent.status], [200, 'acked'])
  }

  it('has the last spans when the gateway stops', async () => {
    const receiver = await startReceiver()
    started.push(receiver)
    const gateway = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(receiver), OTEL_BSP_SCHEDULE_DELAY: '600000' })
    await say(gateway)
    assert.equal(receiver.deliveries.length, 0)
    assert.equal(await gateway.stop(), 0)
    const [only] = receiver.deliveries
    assert.equal(only?.headers['content-type'], 'application/x-protobuf')
    for (const name of ['POST /messages', 'accept', 'write', 'ack']) assert.ok(only.body.includes(name), name)
  })

  it('that is away, or never answers, disturbs nothing', async () => {
    const silent = await startReceiver()
    started.push(silent)
    silent.answers = () => {}
    const gone = await startReceiver()
    await gone.stop()
    for (const receiver of [silent, gone]) {
      const gateway = await startTraced({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(receiver),
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        OTEL_BSP_SCHEDULE_DELAY: '20',
      })
      await say(gateway)
      await until(async () => gateway.logs.some(({ entry }) => entry?.event === 'traces'))
      assert.equal(await gateway.stop(), 0)
    }
  })

  it('hears nothing where OTEL_SDK_DISABLED says so', async () => {
    const receiver = await startReceiver()
    started.push(receiver)
    const gateway = await startTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(receiver), OTEL_SDK_DISABLED: 'true' })
    await say(gateway)
    assert.equal(await gateway.stop(), 0)
    assert.equal(receiver.deliveries.length, 0)
  })
})
