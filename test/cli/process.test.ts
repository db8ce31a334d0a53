import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifyWebhook } from '../../src/client/client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { dieWithParent } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const bob = 'bob@localhost'

describe('the command line as a process', () => {
  let server: XmppServer
  let gateway: TestGateway
  const running: ChildProcess[] = []

  before(async () => {
    server = await startProsody({ users: { alice: 'alice-password', bob: 'bob-password' } })
    gateway = await startGateway({ server })
    for (const user of ['alice', 'bob']) await gateway.login({ jid: `${user}@localhost`, password: `${user}-password` })
  })
  after(async () => {
    for (const child of running) child.kill()
    await gateway?.stop()
    await server?.stop()
  })

  function stanzagate(...args: string[]) {
    const [program = '', ...given] = [...dieWithParent(), process.execPath, mainFile, ...args]
    const env = { PATH: process.env.PATH, STANZAGATE_URL: gateway.url, STANZAGATE_KEY: gateway.key, STANZAGATE_SESSION: bob }
    const child = spawn(program, given, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    running.push(child)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return { child, line: async () => String((await lines.next()).value) }
  }
  const say = (body: string) => gateway.api('POST', '/messages', { query: { session: 'alice@localhost' }, body: { to: bob, body } })

  it('takes its words and its key from where they stand, and ends with its code', async () => {
    const { child } = stanzagate('send', 'alice@localhost', '-', '--json')
    child.stdin.end('Hi Alice\n')
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.equal(code, 0)
    assert.equal(JSON.parse(out).status, 'accepted')
    const wrong = stanzagate('send', '@@', 'Hi')
    const [err, [failed]] = await Promise.all([text(wrong.child.stderr), once(wrong.child, 'close')])
    assert.equal(failed, 1)
    assert.match(err, /\(jid-malformed\)\n/)
  })

  it('events --follow tells what happens as it happens', async () => {
    const { line, child } = stanzagate('events', '--follow', '--types', 'message.received', '--after', '0', '--json')
    await say('First')
    assert.equal(JSON.parse(await line()).data.body, 'First')
    const followed = stanzagate('events', '--follow', '--types', 'message.received', '--after', '0')
    assert.match(await followed.line(), /^\d{4}-\S+Z {2}message\.received {2}alice@localhost\S* {2}First$/)
    await say('Second')
    assert.match(await followed.line(), /Second$/)
    assert.equal(JSON.parse(await line()).data.body, 'Second')
    child.kill('SIGINT')
    const [, signal] = await once(child, 'exit')
    assert.equal(signal, 'SIGINT')
  })

  it('listen delivers events to a URL, signed as a webhook signs them, and says how that went', async (t) => {
    const given: { headers: Record<string, string | string[] | undefined>; body: string }[] = []
    const consumer = createServer(async (request, response) => {
      given.push({ headers: request.headers, body: await text(request) })
      response.writeHead(given.length === 1 ? 200 : 500).end()
    }).listen(0, '127.0.0.1')
    t.after(() => consumer.close())
    await once(consumer, 'listening')
    const url = `http://127.0.0.1:${(consumer.address() as { port: number }).port}/hook`
    const { line } = stanzagate('listen', url, '--types', 'message.received', '--after', '0', '--json')
    const { secret } = JSON.parse(await line())
    const told = JSON.parse(await line())
    assert.deepEqual([told.event.type, told.status], ['message.received', 200])
    const event = await verifyWebhook(given[0]!.body, given[0]!.headers, secret)
    assert.deepEqual([event.id, event.type], [told.event.id, 'message.received'])
    assert.equal(JSON.parse(await line()).status, 500)
    consumer.closeAllConnections()
    const plain = stanzagate('listen', 'http://127.0.0.1:1/', '--types', 'message.received', '--after', '0')
    assert.match(await plain.line(), /^Signed with whsec_\S+$/)
    assert.match(await plain.line(), /^bad port {2}\d+ ms {2}\S+ {2}message\.received .*First$/)
  })

  it('ends quietly when nobody reads any more', async () => {
    const { child } = stanzagate('events', '--json')
    child.stdout.destroy()
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    assert.deepEqual([code, err], [0, ''])
  })

  it('serve starts the gateway, which stops in order', async () => {
    const served = await startGateway({ args: [mainFile, 'serve'] })
    try {
      assert.equal((await served.api('GET', '/health/live', { key: null })).status, 200)
    } finally {
      assert.equal(await served.stop(), 0)
    }
  })
})
