import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { afterEach, test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Connector } from '../../../src/gateway/ports/connection.ts'
import { childText, type Element } from '../../../src/xml/element.ts'
import { authority } from '../../support/authority.ts'
import { bindFeature, mechanisms, smFeature } from '../../support/fake-log-in.ts'
import { namespaces } from '../../support/fake-server.ts'
import { temporaryFolder } from '../../support/processes.ts'
import { connectorFor, follow, isMessage } from '../support.ts'

const stops: (() => Promise<unknown>)[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost' version='1.0'/>"
const features = (inner: string) => `<stream:features xmlns:stream='${namespaces.streams}'>${inner}</stream:features>`

interface Options {
  names?: string[]
  protocol?: string | false
  /** bytes of a frame that it takes (XEP-0478) */
  limit?: number
  /** after the bind, for each frame */
  bound?: (socket: WebSocket, frame: string) => void
}

/** an XMPP server of RFC 7395 that lets everybody in */
async function websocketServer({ names = ['localhost'], protocol = 'xmpp', limit, bound = () => undefined }: Options = {}) {
  const limits = limit === undefined ? '' : `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>${limit}</max-bytes></limits>`
  const folder = temporaryFolder('websocket')
  const { caFile, certify } = await authority()
  const files = await certify(folder, names)
  const https = createServer({ key: readFileSync(files.key), cert: readFileSync(files.certificate) })
  rmSync(folder, { recursive: true, force: true })
  const frames: string[] = []
  const upgrades: string[] = []
  const server = new WebSocketServer({ server: https, handleProtocols: () => protocol, perMessageDeflate: true })
  server.on('connection', (socket, request) => {
    upgrades.push(request.headers['sec-websocket-extensions'] ?? '')
    let streams = 0
    socket.on('message', (data) => {
      const frame = data.toString()
      frames.push(frame)
      if (frame.startsWith('<open')) {
        streams += 1
        socket.send(open)
        socket.send(features(streams === 1 ? mechanisms('PLAIN') : bindFeature + smFeature + limits))
      } else if (frame.startsWith('<auth')) socket.send(`<success xmlns='${namespaces.sasl}'/>`)
      else if (frame.includes(namespaces.bind)) {
        const id = /id="([^"]*)"/.exec(frame)?.[1]
        const jid = '<jid>ada@localhost/desk</jid>'
        socket.send(`<iq xmlns='jabber:client' type='result' id='${id}'><bind xmlns='${namespaces.bind}'>${jid}</bind></iq>`)
      } else if (frame.startsWith('<enable')) socket.send(`<enabled xmlns='${namespaces.sm}' id='sm-1' resume='true'/>`)
      else bound(socket, frame)
    })
  })
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  const { port } = https.address() as { port: number }
  stops.push(async () => {
    for (const client of server.clients) client.terminate()
    server.close()
    https.closeAllConnections()
    await new Promise((resolve) => https.close(resolve))
  })
  return { service: `wss://localhost:${port}/ws`, caFile, frames, upgrades }
}

function login(server: { service: string; caFile: string }, once = true) {
  const connector = connectorFor(server, { bounds: { closeAcks: 50, frame: 0 } })
  connectors.push(connector)
  return follow(connector.open, { jid: 'ada@localhost', password: 'secret', resource: 'desk', service: server.service, once })
}

test('wss: each frame is one whole stanza with its namespace, and nothing is compressed', async () => {
  const server = await websocketServer({
    bound: (socket, frame) => frame.startsWith('<message') && socket.send("<message xmlns='jabber:client' id='back'/>"),
  })
  const follower = login(server)
  await follower.online()
  follower.connection.send('<presence id="x xmlns=y"/>')
  follower.connection.send('<message id="1"/>')
  follower.connection.send('<presence><show>away</show></presence>')
  await follower.stanza(isMessage('back'))
  assert.ok(server.frames.includes('<presence xmlns="jabber:client" id="x xmlns=y"/>'))
  assert.ok(server.frames.includes('<message xmlns="jabber:client" id="1"/>'))
  assert.ok(server.frames.includes('<presence xmlns="jabber:client"><show>away</show></presence>'))
  assert.deepEqual(server.upgrades, [''])
  await follower.connection.close()
  assert.match(server.frames.at(-1) ?? '', /^<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"\/>$/)
})

test('the limit of the server counts what a frame has more than a stanza', async () => {
  const server = await websocketServer({ limit: 300 })
  const follower = login(server)
  await follower.online()
  const say = (bytes: number) => {
    const xml = `<message><body>${'x'.repeat(bytes - '<message><body></body></message>'.length)}</body></message>`
    follower.connection.send(xml)
  }
  say(278)
  for (const bytes of [279, 300]) assert.throws(() => say(bytes), { code: 'stanza-too-large' })
})

test('wss: the certificate is of the host of the URL', async () => {
  const follower = login(await websocketServer({ names: ['elsewhere.example'] }))
  const { error } = await follower.state('stopped')
  assert.equal(error?.code, 'xmpp-tls-failed')
})

test('a server without the subprotocol is no XMPP server', async () => {
  const server = await websocketServer({ protocol: false })
  const { error } = await login(server).state('stopped')
  assert.equal(error?.code, 'xmpp-unreachable')
  assert.deepEqual(server.frames, [])
})

test('a stanza is as large as what it says; one over the limit is told as such, and white space is nothing', async () => {
  const body = (text: string) => `<?xml version='1.0'?><message xmlns='jabber:client' id='long'><body>${text}</body></message>`
  const frames = [' ', '', body('&quot;'.repeat(200_000)), body('x'.repeat(300_000)), "<message xmlns='jabber:client' id='back'/>"]
  const server = await websocketServer({
    bound: (socket, heard) => {
      if (heard.startsWith('<message')) for (const frame of frames) socket.send(frame)
    },
  })
  const follower = login(server)
  await follower.online()
  follower.connection.send('<message/>')
  await follower.stanza(isMessage('back'))
  const [quotes, cut] = follower.stanzas.map(({ stanza }) => stanza)
  assert.equal(childText(quotes as Element, 'body'), '"'.repeat(200_000))
  assert.equal(cut?.cut, true)
})

for (const [what, frame, reason] of [
  ['two stanzas', "<message xmlns='jabber:client'/><message xmlns='jabber:client'/>", /received-/],
  ['half a stanza', "<message xmlns='jabber:client'>", /received-not-well-formed/],
  [
    'more than any frame has',
    `<message xmlns='jabber:client'><body>${'x'.repeat(2_000_000)}</body></message>`,
    /received-policy-violation/,
  ],
  ['bytes that are no UTF-8', Buffer.from([0x3c, 0xc0, 0xaf]), /received-unsupported-encoding/],
  ['the end of the stream', "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", /stream-closed/],
] as const) {
  test(`a frame with ${what}`, async () => {
    const server = await websocketServer({ bound: (socket, heard) => heard.startsWith('<message') && socket.send(frame) })
    const follower = login(server)
    await follower.online()
    follower.connection.send('<message/>')
    const told = await follower.until(() => follower.states.find(({ state }) => state === 'resuming' || state === 'backoff'))
    assert.match(told.reason ?? '', reason)
  })
}
