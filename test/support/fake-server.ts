/**
 * An XMPP server that does what a script says: for what real servers won't do. Each connection runs the script on its own;
 * fake-log-in.ts plays the usual parts of a log-in, so that a script is only about its one deviation.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, type SecureVersion, TLSSocket } from 'node:tls'
import type { Element } from '../../src/xml/element.ts'
import { createStreamParser, type StreamParser } from '../../src/xml/parse.ts'
import { authority } from './authority.ts'
import { temporaryFolder } from './processes.ts'

export const namespaces = {
  streams: 'http://etherx.jabber.org/streams',
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  sasl2: 'urn:xmpp:sasl:2',
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  bind2: 'urn:xmpp:bind:0',
  fast: 'urn:xmpp:fast:0',
  sm: 'urn:xmpp:sm:3',
} as const

export interface Peer {
  /** number of this connection, from 1 */
  readonly number: number
  socket: Socket
  /** all that the client wrote, decrypted */
  heard: string
  write(xml: string): void
  /** the next stream header of the client */
  opened(): Promise<Element>
  /** the next element of the client, or the next that matches (what comes before is skipped) */
  next(matches?: (element: Element) => boolean): Promise<Element>
  /** resolves when the client has closed the stream or the connection */
  closed: Promise<void>
  /** goes over to TLS on this connection */
  secure(): Promise<void>
  header(): void
}

export interface FakeServer {
  port: number
  service: string
  caFile: string
  /** of all connections so far */
  peers: Peer[]
  /** connections that are open now */
  readonly open: number
  /** resolves with what the n-th connection's script ended with */
  ran(number: number): Promise<void>
  stop(): Promise<void>
}

type Script = (peer: Peer) => Promise<void>

export interface FakeServerOptions {
  domain?: string
  certificateNames?: readonly string[]
  /** TLS from the first byte */
  direct?: boolean
  maxVersion?: SecureVersion
  /** PEM files; default new ones of this process's authority */
  certificate?: { key: string; certificate: string }
}

export async function startFakeServer(script: Script, options: FakeServerOptions = {}): Promise<FakeServer> {
  const { domain = 'localhost', certificateNames = [domain], direct = false, maxVersion = 'TLSv1.3' } = options
  const { caFile, certify } = await authority()
  const folder = temporaryFolder('scripted')
  const files = options.certificate ?? (await certify(folder, certificateNames))
  const credentials = { key: readFileSync(files.key), cert: readFileSync(files.certificate), maxVersion }
  rmSync(folder, { recursive: true, force: true })
  const context = createSecureContext(credentials)
  const peers: Peer[] = []
  const runs: Promise<void>[] = []
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const peer = createPeer(socket, peers.length + 1, domain, context)
    peers.push(peer)
    const run = script(peer)
    runs.push(run)
    // a script that waits for a client that has gone ends with it
    run.catch(() => socket.destroy())
  }
  const server = direct ? createTlsServer({ ...credentials, ALPNProtocols: ['xmpp-client'] }, onSocket) : createServer(onSocket)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    service: `${direct ? 'xmpps' : 'xmpp'}://127.0.0.1:${port}`,
    caFile,
    peers,
    get open() {
      return sockets.size
    },
    ran: (number) => runs[number - 1] as Promise<void>,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      await Promise.allSettled(runs)
    },
  }
}

function createPeer(first: Socket, number: number, domain: string, context: ReturnType<typeof createSecureContext>): Peer {
  let parser: StreamParser | undefined
  const headers: Element[] = []
  const received: Element[] = []
  const waiting = new Set<() => void>()
  const gone = Promise.withResolvers<void>()
  let ended = false
  const wake = () => {
    for (const check of [...waiting]) check()
  }
  const end = () => {
    ended = true
    gone.resolve()
    wake()
  }
  function wait<Found>(take: () => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = take()
        if (found === undefined && !ended) return
        waiting.delete(check)
        if (found === undefined) reject(new Error('the client has gone'))
        else resolve(found)
      }
      waiting.add(check)
      check()
    })
  }
  function onData(chunk: Buffer): void {
    const data = chunk.toString()
    peer.heard += data
    // each header begins a stream, whatever was before
    if (data.startsWith('<?xml') || parser === undefined) {
      parser = createStreamParser({
        onOpen: (root) => {
          headers.push(root)
          wake()
        },
        onElement: (element) => {
          received.push(element)
          wake()
        },
        onClose: end,
      })
    }
    try {
      parser.write(data)
    } catch {
      // what is no XML, such as TLS where none was agreed, is for the script to look at in `heard`
    }
  }
  function listen(socket: Socket): void {
    socket.on('data', onData)
    socket.on('error', () => undefined)
    socket.on('close', end)
  }
  const peer: Peer = {
    number,
    socket: first,
    heard: '',
    write: (xml) => {
      peer.socket.write(xml)
    },
    opened: () => wait(() => headers.shift()),
    next: (matches = () => true) =>
      wait(() => {
        const index = received.findIndex(matches)
        return index < 0 ? undefined : received.splice(0, index + 1).at(-1)
      }),
    closed: gone.promise,
    secure: async () => {
      first.removeListener('data', onData)
      first.removeListener('close', end)
      parser = undefined
      const tls = new TLSSocket(first, { isServer: true, secureContext: context })
      listen(tls)
      peer.socket = tls
      await new Promise((resolve, reject) => {
        tls.once('secure', resolve)
        tls.once('close', () => reject(new Error('the client gave TLS up')))
      })
    },
    header: () => {
      peer.write(
        `<?xml version='1.0'?><stream:stream from='${domain}' id='${randomBytes(4).toString('hex')}' version='1.0' xmlns='jabber:client' xmlns:stream='${namespaces.streams}'>`,
      )
    },
  }
  listen(first)
  return peer
}
