/** Log-ins at scripted servers that must end at once, and what they leave is stopped after each test. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { afterEach } from 'node:test'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { type FakeServer, namespaces, type Peer, startFakeServer } from '../support/fake-server.ts'
import { connectorFor, follow, type Told } from './support.ts'

const servers: { stop(): Promise<void> }[] = []
export const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

export async function scripted(script: (peer: Peer) => Promise<void>, options = {}): Promise<FakeServer> {
  const server = await startFakeServer(script, options)
  servers.push(server)
  return server
}

export const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }

/** how a log-in that must fail at once ended */
export async function refused(server: { service: string; caFile?: string }, options: Partial<ConnectorOptions> = {}): Promise<Told> {
  const connector = connectorFor(server, options)
  connectors.push(connector)
  const follower = follow(connector.open, { ...ada, service: server.service, once: true })
  const told = await follower.until(() => follower.states.find(({ error }) => error !== undefined))
  assert.equal(follower.bounds.length, 0)
  return told
}

/** a server that only knows raw bytes; keeps what it heard */
export async function raw(onSocket: (socket: Socket) => void): Promise<{ service: string; heard: () => string }> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
    })
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  })
  return { service: `xmpp://127.0.0.1:${(server.address() as { port: number }).port}`, heard: () => heard }
}

export const header = `<?xml version='1.0'?><stream:stream from='localhost' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='${namespaces.streams}'>`
