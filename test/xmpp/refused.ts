/** Log-ins at scripted servers that must end at once, and what they leave is stopped after each test. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { namespaces } from '../support/fake-server.ts'
import { endedAfterEach } from './ended.ts'
import { follow, type Told } from './support.ts'

const { stops, connectors, connector, scripted } = endedAfterEach()

export { connectors, scripted }

export const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }

/** how a log-in that must fail at once ended */
export async function refused(server: { service: string; caFile?: string }, options: Partial<ConnectorOptions> = {}): Promise<Told> {
  const follower = follow(connector(server, options).open, { ...ada, service: server.service, once: true })
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
  stops.push({
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  })
  return { service: `xmpp://127.0.0.1:${(server.address() as { port: number }).port}`, heard: () => heard }
}

export const header = `<?xml version='1.0'?><stream:stream from='localhost' id='1' version='1.0' xmlns='jabber:client' xmlns:stream='${namespaces.streams}'>`
