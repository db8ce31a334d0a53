/**
 * The other side of the tests: a client on slixmpp, in a process of its own, so that no code of ours judges itself.
 * It sends raw XML and shows what arrives; after the log-in it answers nothing by itself.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Element } from '../../src/xml/element.ts'
import { dieWithParent } from './processes.ts'
import type { XmppServer } from './xmpp-server.ts'

/** ms for a log-in; slixmpp's SCRAM is done in C */
const LOGIN_DEADLINE = 15_000
/** ms that `next` waits unless told */
const NEXT_DEADLINE = 5_000
/** stanzas kept that nobody asked for; the oldest go first */
const KEPT_MAX = 10_000

export interface ClientOptions {
  server: Pick<XmppServer, 'port' | 'tlsPort' | 'caFile'>
  /** bare JID */
  jid: string
  password: string
  /** default: the server chooses */
  resource?: string
  /** initial presence, as XML or as a priority; false sends none. Default priority 0 */
  presence?: string | number | false
  directTls?: boolean
  /** answers disco#info, version and ping, and refuses other iqs, as clients do. Default false */
  autoAnswer?: boolean
  /** sees each stanza as it comes; what it takes (true) is not kept */
  hear?: (element: Element) => boolean
}

export interface Received {
  /** as XML; prefixes and order of namespaces are the parser's */
  xml: string
  element: Element
}

export interface Client {
  /** full JID */
  readonly jid: string
  /** everything that came since the log-in and was not taken by `next` */
  readonly stanzas: readonly Received[]
  /** Writes XML to the stream as it is; xmlns is jabber:client there. */
  send(xml: string): void
  /** Takes the first stanza that fits, come already or still to come; rejects after `ms` telling what came instead. */
  next(fits: (element: Element) => boolean, ms?: number): Promise<Received>
  /** Sends an iq with a fresh id and resolves with its answer, result or error. */
  request(iq: { type: 'get' | 'set'; to?: string; payload: string }, ms?: number): Promise<Element>
  /** Resolves when the server closed the stream, with the reason. */
  readonly closed: Promise<string>
  /** ends the stream in order */
  stop(): Promise<void>
  /** drops it without a word */
  kill(): Promise<void>
}

type Told =
  | { event: 'online'; jid: string }
  | { event: 'failed'; reason: string }
  | { event: 'closed'; reason: string }
  | { event: 'stanza'; xml: string; element: Element }

interface Waiter {
  fits: (element: Element) => boolean
  take: (received: Received) => void
}

export async function startClient(options: ClientOptions): Promise<Client> {
  const { server, password, resource, presence = 0, directTls = false, autoAnswer = false } = options
  const settings = {
    jid: resource === undefined ? options.jid : `${options.jid}/${resource}`,
    password,
    host: '127.0.0.1',
    port: directTls ? server.tlsPort : server.port,
    caFile: server.caFile,
    directTls,
    autoAnswer,
  }
  const script = fileURLToPath(new URL('second-client.py', import.meta.url))
  const [program = '', ...args] = [...dieWithParent(), '/usr/bin/python3', script, JSON.stringify(settings)]
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-8_000)
  })
  child.stdin.on('error', () => {}) // a client that has ended reads no more

  const stanzas: Received[] = []
  const waiters = new Set<Waiter>()
  const online = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line) as Told
    if (told.event === 'online') online.resolve(told.jid)
    else if (told.event === 'failed') online.reject(new Error(`${options.jid}: ${told.reason}`))
    else if (told.event === 'closed') closed.resolve(told.reason)
    else deliver({ xml: told.xml, element: told.element })
  })
  void ended.then(() => {
    online.reject(new Error(`The client of ${options.jid} ended:\n${complaints}`))
    closed.resolve('ended')
  })

  function deliver(received: Received): void {
    if (options.hear?.(received.element)) return
    for (const waiter of waiters) {
      if (!waiter.fits(received.element)) continue
      waiters.delete(waiter)
      waiter.take(received)
      return
    }
    stanzas.push(received)
    if (stanzas.length > KEPT_MAX) stanzas.shift()
  }

  function send(xml: string): void {
    child.stdin.write(`${JSON.stringify({ do: 'send', xml })}\n`)
  }

  async function next(fits: (element: Element) => boolean, ms = NEXT_DEADLINE): Promise<Received> {
    const index = stanzas.findIndex(({ element }) => fits(element))
    if (index >= 0) return stanzas.splice(index, 1)[0]!
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(waiter)
        const seen = stanzas.map(({ xml }) => xml.slice(0, 300)).join('\n')
        reject(new Error(`${options.jid} got no such stanza in ${ms} ms, but:\n${seen}`))
      }, ms)
      const waiter: Waiter = {
        fits,
        take: (received) => {
          clearTimeout(timer)
          resolve(received)
        },
      }
      waiters.add(waiter)
    })
  }

  async function request({ type, to, payload }: { type: 'get' | 'set'; to?: string; payload: string }, ms?: number): Promise<Element> {
    const id = `second-${crypto.randomUUID()}`
    send(`<iq type='${type}' id='${id}'${to === undefined ? '' : ` to='${to}'`}>${payload}</iq>`)
    const { element } = await next(
      ({ name, attributes }) => name === 'iq' && attributes.id === id && /result|error/.test(attributes.type!),
      ms,
    )
    return element
  }

  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await ended
  }

  async function stop(): Promise<void> {
    child.stdin.end(`${JSON.stringify({ do: 'stop' })}\n`)
    const late = setTimeout(() => child.kill('SIGKILL'), LOGIN_DEADLINE)
    try {
      await ended
    } finally {
      clearTimeout(late)
    }
  }

  const late = setTimeout(() => online.reject(new Error(`${options.jid} is not online in time:\n${complaints}`)), LOGIN_DEADLINE)
  try {
    const jid = await online.promise
    if (presence !== false) send(typeof presence === 'string' ? presence : `<presence><priority>${presence}</priority></presence>`)
    return { jid, stanzas, send, next, request, closed: closed.promise, stop, kill }
  } catch (error) {
    await kill()
    throw error
  } finally {
    clearTimeout(late)
  }
}
