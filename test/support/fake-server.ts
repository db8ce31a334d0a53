/**
 * An XMPP server that does the usual thing on its own, and anything else where a handler says so: for what real servers won't do.
 * It knows one password for every account and delivers nothing.
 */
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Element } from '../../src/stanza/element.ts'
import { authority } from './authority.ts'
import { createPeer, type FakeServerOptions, type Peer } from './fake-peer.ts'
import { temporaryFolder } from './processes.ts'

export interface FakeServer {
  readonly port: number
  /** URL for `service` */
  readonly service: string
  /** file with the authority to trust, PEM */
  readonly ca: string
  /** all there ever were */
  readonly connections: readonly Peer[]
  /** how many are open now */
  readonly open: number
  /** FAST tokens that are good; to be emptied by a test that revokes them */
  readonly tokens: Set<string>
  /** the first element that a client says, has said or will say, for which this holds; the test's own timeout is the bound */
  heard(matches: (element: Element, peer: Peer) => boolean): Promise<Element>
  stop(): Promise<void>
}

export async function startFakeServer(options: FakeServerOptions = {}): Promise<FakeServer> {
  const { domain = 'localhost', tls = 'starttls' } = options
  const { caFile, certify } = await authority()
  const credentials = options.certificate ?? (await certificate(certify, options.certificateNames ?? [domain]))
  const connections: Peer[] = []
  const sockets = new Set<Socket>()
  const tokens = new Set<string>()
  const resumable = new Map<string, { jid: string; counted: number }>()
  const listeners = new Set<() => void>()

  function accept(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const told = () => {
      for (const listener of [...listeners]) listener()
    }
    connections.push(createPeer({ ...options, domain, socket, credentials, number: connections.length + 1, tokens, resumable, told }))
  }
  const server = tls === 'direct' ? createTlsServer({ ...credentials, ALPNProtocols: ['xmpp-client'] }, accept) : createServer(accept)
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    port,
    service: `${tls === 'direct' ? 'xmpps' : 'xmpp'}://127.0.0.1:${port}`,
    ca: caFile,
    connections,
    get open() {
      return sockets.size
    },
    tokens,
    heard: (matches) =>
      new Promise((resolve) => {
        const look = () => {
          for (const peer of connections) {
            const found = peer.heard.find((element) => matches(element, peer))
            if (found === undefined) continue
            listeners.delete(look)
            return resolve(found)
          }
        }
        listeners.add(look)
        look()
      }),
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

type Certify = Awaited<ReturnType<typeof authority>>['certify']

async function certificate(certify: Certify, names: readonly string[]): Promise<{ key: string; cert: string }> {
  const folder = temporaryFolder('fake-server')
  try {
    const files = await certify(folder, names)
    return { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.certificate, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
