/** The stream of a component (XEP-0114) with servers that do what no real one does on demand. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connectorFor, follow, isMessage } from './support.ts'

const DOMAIN = 'bots.example.org'
const SECRET = 'secret'
const HEAD = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='${DOMAIN}' id='abc'>`
const error = (condition: string) =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`

/** A server that answers the head of each stream and its handshake so, and what it read. */
async function serve(t: TestContext, { head = HEAD, answer = '<handshake/>' }: { head?: string; answer?: string } = {}) {
  const sockets: Socket[] = []
  const read: string[] = []
  const waiting = new Set<() => void>()
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.setEncoding('utf8')
    socket.on('error', () => undefined)
    socket.on('data', (text: string) => {
      read.push(text)
      for (const look of waiting) look()
      if (text.includes('<stream:stream')) socket.write(head)
      if (text.includes('<handshake')) socket.write(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connector = connectorFor({}, { bounds: { attempt: 1_000, requestDelay: 10, closeAcks: 100, closeStream: 100 } })
  t.after(async () => {
    await connector.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const service = `xmpp://127.0.0.1:${(server.address() as AddressInfo).port}`
  const spec = { jid: DOMAIN, password: SECRET, component: true as const, resource: '', service }
  /** resolves with what a pattern finds in what was read */
  const heard = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        const found = pattern.exec(read.join(''))?.[1]
        if (found !== undefined) resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { heard, open: (more: object = {}) => follow(connector.open, { ...spec, ...more }), sockets, read }
}

test('a component proves its secret, and is acknowledged by what comes back', async (t) => {
  const { open, sockets, read, heard } = await serve(t)
  const component = open()
  assert.deepEqual([(await component.online()).jid, component.connection.managed], [DOMAIN, false])
  assert.ok(read.join('').includes(`<handshake>${createHash('sha1').update(`abc${SECRET}`).digest('hex')}</handshake>`))
  sockets[0]!.write(`<message from='a@b.example' to='x@${DOMAIN}' id='m1'><body>Hello</body></message>`)
  const message = await component.stanza(isMessage('m1'))
  assert.deepEqual([message.xmlns, (message.children[0] as { xmlns: string }).xmlns], ['jabber:client', 'jabber:client'])

  const { position } = component.connection.send(`<message from='x@${DOMAIN}' to='a@b.example' id='m2'/>`)
  const ping = await heard(/<iq [^>]*id="(ping-[^"]+)"/)
  // another one that has its id is none
  sockets[0]!.write(`<iq type='get' id='${ping}' from='a@b.example' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  await component.stanza(({ name }) => name === 'iq')
  assert.deepEqual(component.acks, [])
  sockets[0]!.write(`<iq type='get' id='${ping}' from='${DOMAIN}' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`)
  assert.ok((await component.acked(position)) >= position)
  await component.connection.close()
  assert.ok(!read.join('').includes('<presence'))
})

test('what a server says in place of a handshake is told as of accounts', async (t) => {
  for (const [server, state, reason] of [
    [{ answer: error('not-authorized') }, 'auth-failed', 'authentication-failed'],
    [{ answer: error('conflict') }, 'conflict', 'conflict'],
    [{ head: HEAD + error('host-unknown') }, 'backoff', 'host-unknown'],
    [{ answer: '</stream:stream>' }, 'backoff', 'connection-lost'],
    [{ answer: '<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>' }, 'backoff', 'received-bad-format'],
    [{ answer: '<a'.repeat(100) }, 'backoff', undefined],
    [{ answer: '' }, 'backoff', 'timeout'],
  ] as const) {
    const { open } = await serve(t, server)
    const component = open()
    const told = await component.state(state)
    if (reason !== undefined) assert.equal(told.reason, reason)
    await component.connection.close()
  }
})

test('it dials no other host than a loopback one or one that is named, and speaks no other protocol', async (t) => {
  const { open } = await serve(t)
  for (const service of ['xmpp://192.0.2.1:5347', 'xmpp://example.org', 'xmpps://127.0.0.1:5347', 'ws://127.0.0.1/x', null]) {
    const component = open({ service, once: true })
    assert.equal(
      (await component.until(() => component.states.find(({ error }) => error)))?.error?.code,
      'address-not-allowed',
      `${service}`,
    )
  }
})
