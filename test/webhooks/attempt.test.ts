import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createAttempts } from '../../src/webhooks/attempt.ts'
import { verdictOf } from '../../src/webhooks/verdict.ts'
import { authority } from '../support/authority.ts'
import { temporaryFolder } from '../support/processes.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const policyOf = (...hosts: string[]) => ({ privateHosts: new Set(hosts), variable: 'WEBHOOK_PRIVATE_HOSTS' })
const outgoing = (url: string) => ({ url, headers: { 'content-type': 'application/cloudevents+json' }, body: '{"a":1}' })

describe('one try', () => {
  let receiver: Receiver
  const attempts = createAttempts({ policy: policyOf('127.0.0.1', 'localhost'), within: 1_000 })
  const make = () => attempts.make(outgoing(receiver.url))
  const verdict = async () => {
    const { status, retryAfter } = await make()
    return verdictOf({ status, retryAfter, now: Date.now() })
  }
  before(async () => {
    receiver = await startReceiver()
  })
  after(async () => {
    await receiver.stop()
    await attempts.close()
  })

  it('is done by any 2xx, whatever its body', async () => {
    for (const status of [200, 201, 202, 204, 299]) {
      receiver.answers = (_, response) => response.writeHead(status).end(status === 204 ? undefined : '<not json')
      assert.deepEqual(await verdict(), { kind: 'done' }, String(status))
    }
    const last = receiver.deliveries.at(-1)!
    assert.deepEqual([last.method, last.body, last.headers['content-length']], ['POST', '{"a":1}', '7'])
  })

  it('says by 410 that nothing more is wanted', async () => {
    receiver.answers = 410
    assert.deepEqual(await verdict(), { kind: 'gone' })
  })

  it('is made again after any other status', async () => {
    for (const status of [300, 304, 400, 401, 403, 404, 409, 422, 429, 500, 501, 502, 503, 504]) {
      receiver.answers = status
      assert.deepEqual(await verdict(), { kind: 'again', notBefore: 0 }, String(status))
    }
  })

  it('heeds Retry-After, between a second and six hours', async () => {
    const asked = async (status: number, value: string) => {
      receiver.answers = (_, response) => response.writeHead(status, { 'retry-after': value }).end()
      const found = await verdict()
      assert.ok(found.kind === 'again')
      return found.notBefore
    }
    for (const status of [301, 400, 429, 500, 502, 503, 504]) assert.equal(await asked(status, '7'), 7_000)
    assert.equal(await asked(503, '0'), 1_000)
    assert.equal(await asked(503, '999999'), 6 * 3_600_000)
    assert.equal(await asked(503, 'soon'), 0)
    const date = await asked(503, new Date(Date.now() + 60_000).toUTCString())
    assert.ok(date > 55_000 && date <= 60_000, String(date))
  })

  it('follows no redirect, and names its host only', async () => {
    const elsewhere = await startReceiver()
    receiver.answers = (_, response) => response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}/secret?a=b` }).end()
    const found = await make()
    assert.equal(found.status, 307)
    assert.equal(found.error, `The answer was 307: a redirect to 127.0.0.1:${elsewhere.port} is not followed.`)
    assert.equal(elsewhere.deliveries.length, 0)
    receiver.answers = (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
    assert.equal((await make()).error, 'The answer was 302: a redirect to 169.254.169.254 is not followed.')
    await elsewhere.stop()
  })

  it('counts a status as soon as it is there, however the body goes on', async () => {
    receiver.answers = (_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 50)
      response.once('close', () => clearInterval(drip))
    }
    const dripping = await make()
    assert.equal(dripping.status, 200)
    assert.ok(dripping.ms < 900, String(dripping.ms))
    const closed = Promise.withResolvers<number>()
    receiver.answers = (_, response) => {
      response.writeHead(200)
      let sent = 0
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (!response.destroyed && sent < 100 * 1024 * 1024) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      response.once('close', () => closed.resolve(sent))
      more()
    }
    assert.equal((await make()).status, 200)
    assert.ok((await closed.promise) < 50 * 1024 * 1024)
  })

  it('tells the beginning of an answer where it is asked for', async () => {
    receiver.answers = (_, response) => response.writeHead(500).end('x'.repeat(100_000))
    const found = await attempts.make(outgoing(receiver.url), { read: true })
    assert.deepEqual([found.status, found.answer], [500, 'x'.repeat(1_024)])
  })

  it('ends with its time where no answer comes, or never its head', async () => {
    receiver.answers = () => {}
    const silent = await make()
    assert.deepEqual([silent.status, silent.error], [undefined, 'No answer within 1 s.'])
    assert.ok(silent.ms < 3_000)
    const server = createSocketServer((socket) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('X-A: b\r\n'), 50)
      socket.on('close', () => clearInterval(drip))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const dripping = await attempts.make(outgoing(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
    assert.deepEqual([dripping.status, dripping.error], [undefined, 'No answer within 1 s.'])
    server.close()
  })

  it('says that nobody is there', async () => {
    const gone = await startReceiver()
    await gone.stop()
    const found = await attempts.make(outgoing(gone.url))
    assert.equal(found.status, undefined)
    assert.match(found.error!, /ECONNREFUSED/)
  })

  it('checks the name in the certificate', async () => {
    const { caFile, certify } = await authority()
    const files = await certify(temporaryFolder('webhook'), ['other.example'])
    const key = readFileSync(files.key)
    const cert = readFileSync(files.certificate)
    const server = createTlsServer({ key, cert }, (_, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const trusting = createAttempts({ policy: policyOf('localhost'), ca: readFileSync(caFile, 'utf8'), within: 5_000 })
    const found = await trusting.make(outgoing(`https://localhost:${port}/`))
    assert.equal(found.status, undefined)
    assert.match(found.error!, /ALTNAME/)
    await trusting.close()
    server.close()
  })
})

describe('the address of a try', () => {
  it('is looked up and checked each time: a name that became private is not called', async () => {
    const receiver = await startReceiver()
    const answers = [['127.0.0.1']]
    const seen: string[] = []
    const attempts = createAttempts({
      policy: {
        ...policyOf(),
        async resolve(name) {
          seen.push(name)
          return answers.shift() ?? ['10.0.0.1', '::ffff:127.0.0.1', 'fe80::1']
        },
      },
      within: 2_000,
    })
    for (let tries = 0; tries < 2; tries += 1) {
      const found = await attempts.make(outgoing(`http://consumer.example:${receiver.port}/`))
      assert.equal(found.status, undefined)
      assert.match(found.error!, /^address-not-allowed: The address of consumer\.example is not a public one\. WEBHOOK_PRIVATE_HOSTS/)
    }
    assert.deepEqual(seen, ['consumer.example', 'consumer.example'])
    assert.equal(receiver.deliveries.length, 0)
    await attempts.close()
    await receiver.stop()
  })

  it('is checked where it is a literal, in every spelling', async () => {
    const attempts = createAttempts({ policy: policyOf(), within: 2_000 })
    for (const host of [
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:a9fe:a9fe]',
      '169.254.169.254',
      '10.1.2.3',
    ])
      assert.match((await attempts.make(outgoing(`http://${host}:1/`))).error!, /^address-not-allowed/, host)
    await attempts.close()
  })
})
