/**
 * An XMPP server that does what a script says: for what real servers won't do. Each connection runs the script on its own;
 * the helpers below play the usual parts of a log-in, so that a script is only about its one deviation.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls'
import { childText, type Element, text } from '../../src/stanza/element.ts'
import { createStreamParser, type StreamParser } from '../../src/stanza/parse.ts'
import { authority } from '../support/authority.ts'
import { temporaryFolder } from '../support/processes.ts'

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

export interface ScriptedServer {
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

export interface ScriptedServerOptions {
  domain?: string
  certificateNames?: readonly string[]
  /** TLS from the first byte */
  direct?: boolean
}

export async function startScriptedServer(script: Script, options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
  const { domain = 'localhost', certificateNames = [domain], direct = false } = options
  const folder = temporaryFolder('scripted')
  const { caFile, certify } = await authority()
  const files = await certify(folder, certificateNames)
  const credentials = { key: readFileSync(files.key), cert: readFileSync(files.certificate) }
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

// ---------------------------------------------------------------- the usual parts

export const features = (inner: string) => `<stream:features>${inner}</stream:features>`
export const starttls = `<starttls xmlns='${namespaces.tls}'><required/></starttls>`
export const mechanisms = (...names: string[]) =>
  `<mechanisms xmlns='${namespaces.sasl}'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`
export const bindFeature = `<bind xmlns='${namespaces.bind}'/>`
export const smFeature = `<sm xmlns='${namespaces.sm}'/>`

/** header, STARTTLS, TLS */
export async function toTls(peer: Peer): Promise<void> {
  await peer.opened()
  peer.header()
  peer.write(features(starttls))
  await peer.next(({ name }) => name === 'starttls')
  peer.write(`<proceed xmlns='${namespaces.tls}'/>`)
  await peer.secure()
}

/** … and the log-in by PLAIN, which needs no computing; ends before the features of the authenticated stream */
export async function toAuthenticated(peer: Peer): Promise<void> {
  await toTls(peer)
  await peer.opened()
  peer.header()
  peer.write(features(mechanisms('PLAIN')))
  await peer.next(({ name }) => name === 'auth')
  peer.write(`<success xmlns='${namespaces.sasl}'/>`)
  await peer.opened()
  peer.header()
}

/** … and a bind with stream management; answers the full JID */
export async function toBound(peer: Peer, { sm = true, id = 'sm-1' }: { sm?: boolean; id?: string | null } = {}): Promise<string> {
  await toAuthenticated(peer)
  peer.write(features(bindFeature + (sm ? smFeature : '')))
  return answerBind(peer, { sm, id })
}

export async function answerBind(peer: Peer, { sm = true, id = 'sm-1' }: { sm?: boolean; id?: string | null } = {}): Promise<string> {
  const asked = await peer.next(({ name }) => name === 'iq')
  const bind = asked.children[0] as Element
  const full = `ada@localhost/${childText(bind, 'resource') ?? 'chosen'}`
  peer.write(`<iq type='result' id='${asked.attributes.id}'><bind xmlns='${namespaces.bind}'><jid>${full}</jid></bind></iq>`)
  if (sm) {
    await peer.next(({ name }) => name === 'enable')
    peer.write(
      id === null ? `<enabled xmlns='${namespaces.sm}'/>` : `<enabled xmlns='${namespaces.sm}' id='${id}' resume='true' max='600'/>`,
    )
  }
  return full
}

/** resume of a stream: answers the h that the client asked with */
export async function toResume(peer: Peer): Promise<number> {
  await toAuthenticated(peer)
  peer.write(features(bindFeature + smFeature))
  return Number((await peer.next(({ name }) => name === 'resume')).attributes.h)
}

export const resumed = (h: number | string, id = 'sm-1') => `<resumed xmlns='${namespaces.sm}' previd='${id}' h='${h}'/>`
export const ack = (h: number | string) => `<a xmlns='${namespaces.sm}' h='${h}'/>`
export const request = `<r xmlns='${namespaces.sm}'/>`

/** stays until the client goes, answering what keeps a stream alive */
export async function serve(peer: Peer, { count = 0 }: { count?: number } = {}): Promise<void> {
  for (;;) {
    const element = await peer.next().catch(() => undefined)
    if (element === undefined) return
    if (element.xmlns === 'jabber:client') count += 1
    if (element.name === 'r') peer.write(ack(count))
  }
}

/** The server's side of SCRAM-SHA-1 for one password; `forge` makes the last proof wrong. */
export function scramServer(password: string, { iterations = 4096, forge = false, hash = 'sha1' } = {}) {
  const salt = randomBytes(16)
  const length = { sha1: 20, sha256: 32, sha512: 64 }[hash] as number
  const hmac = (key: Buffer, data: string) => createHmac(hash, key).update(data, 'latin1').digest()
  let clientFirst = ''
  let serverFirst = ''
  return {
    first(auth: string): string {
      const data = Buffer.from(auth, 'base64').toString('latin1')
      clientFirst = data.slice(data.indexOf('n=', data.indexOf(',', data.indexOf(',') + 1)))
      const nonce = /r=([^,]+)/.exec(clientFirst)?.[1]
      serverFirst = `r=${nonce}server,s=${salt.toString('base64')},i=${iterations}`
      return Buffer.from(serverFirst).toString('base64')
    },
    last(response: string): string {
      const data = Buffer.from(response, 'base64').toString('latin1')
      const message = `${clientFirst},${serverFirst},${data.slice(0, data.lastIndexOf(',p='))}`
      const salted = pbkdf2Sync(password, salt, iterations, length, hash)
      const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest()
      const signature = hmac(stored, message)
      const proof = Buffer.from(data.slice(data.lastIndexOf(',p=') + 3), 'base64')
      const key = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] as number)))
      if (!createHash(hash).update(key).digest().equals(stored)) throw new Error('the proof of the client is wrong')
      const verifier = forge ? randomBytes(length) : hmac(hmac(salted, 'Server Key'), message)
      return Buffer.from(`v=${verifier.toString('base64')}`).toString('base64')
    },
  }
}

export const textOf = (element: Element) => text(element)
