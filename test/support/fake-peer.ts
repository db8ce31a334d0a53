/** One connection of the fake server: what it says on its own. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { TLSSocket } from 'node:tls'
import { child, childText, type Element, text } from '../../src/stanza/element.ts'
import { createStreamParser, STREAMS, type StreamParser } from '../../src/stanza/parse.ts'
import { type SaslExchange, saslExchange } from './fake-sasl.ts'

const TLS = 'urn:ietf:params:xml:ns:xmpp-tls'
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const SASL2 = 'urn:xmpp:sasl:2'
const CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0'
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const BIND2 = 'urn:xmpp:bind:0'
const FAST = 'urn:xmpp:fast:0'
const SM = 'urn:xmpp:sm:3'

export interface FakeServerOptions {
  domain?: string
  password?: string
  /** `starttls`, TLS from the first byte, or none: STARTTLS stripped */
  tls?: 'starttls' | 'direct' | 'none'
  /** names in the certificate, if they are not the domain's */
  certificateNames?: readonly string[]
  /** another certificate than one of the tests' authority, PEM */
  certificate?: { key: string; cert: string }
  mechanisms?: readonly string[]
  /** SASL2, bind2 and, with mechanisms for it, FAST */
  sasl2?: boolean
  tokenMechanisms?: readonly string[]
  iterations?: number
  forge?: boolean
  silent?: boolean
  /** XEP-0198; `volatile`: streams that cannot be resumed */
  management?: boolean | 'volatile'
  /** more XML among the features of an authenticated stream */
  features?: string
  /**
   * Asked before the server does anything about a stream header (`stream`) or an element. True: it was dealt with, and nothing more is done,
   * so that a handler which only returns true is a stall.
   */
  handle?(element: Element, peer: Peer): boolean | undefined
}

/** One connection. */
export interface Peer {
  /** from 1, in the order of connecting */
  readonly number: number
  readonly socket: Socket
  readonly secure: boolean
  /** full JID once bound */
  jid: string | undefined
  /** stanzas of the client that stream management has counted */
  counted: number
  /** everything the client said, headers too */
  readonly heard: readonly Element[]
  /** any text or bytes */
  write(raw: string | Uint8Array): void
  /** goes over to TLS; what follows is a new stream */
  startTls(): void
  /** a new stream begins */
  restart(): void
  /** resets the connection */
  drop(): void
}

interface PeerOptions extends FakeServerOptions {
  domain: string
  socket: Socket
  credentials: { key: string; cert: string }
  number: number
  tokens: Set<string>
  resumable: Map<string, { jid: string; counted: number }>
  /** after each thing the client said */
  told(): void
}

export function createPeer(options: PeerOptions): Peer {
  const { domain, credentials, number, tokens, resumable, told, password = 'secret', tls = 'starttls', management = true } = options
  const { mechanisms = ['SCRAM-SHA-1'], sasl2 = false, tokenMechanisms = [], features = '', handle } = options
  const heard: Element[] = []
  let socket = options.socket
  let decoder = new StringDecoder()
  let parser: StreamParser
  let exchange: SaslExchange | undefined
  let authenticate: Element | undefined
  let account: string | undefined
  let stream: string | undefined

  const peer: Peer = {
    number,
    get socket() {
      return socket
    },
    get secure() {
      return socket instanceof TLSSocket
    },
    jid: undefined,
    counted: 0,
    heard,
    write: (raw) => {
      socket.write(raw)
    },
    startTls: () => {
      socket.removeAllListeners('data')
      socket = new TLSSocket(socket, { isServer: true, ...credentials })
      listen()
      peer.restart()
    },
    restart: () => {
      decoder = new StringDecoder()
      parser = createStreamParser({ onOpen: hear, onElement: hear, onClose: bye })
    },
    drop: () => {
      options.socket.resetAndDestroy()
    },
  }

  function bye(): void {
    socket.end('</stream:stream>')
  }

  function listen(): void {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      try {
        parser.write(decoder.write(chunk))
      } catch {
        socket.end(`<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`)
      }
    })
  }

  function hear(element: Element): void {
    heard.push(element)
    if (handle?.(element, peer) !== true) answer(element)
    told()
  }

  function answer(element: Element): void {
    const { name, xmlns } = element
    if (xmlns === STREAMS) header()
    else if (xmlns === TLS) {
      peer.write(`<proceed xmlns='${TLS}'/>`)
      peer.startTls()
    } else if (xmlns === SASL || xmlns === SASL2) negotiate(element)
    else if (xmlns === SM) manage(element)
    else {
      if (stream !== undefined) peer.counted += 1
      if (name === 'iq' && (element.attributes.type === 'get' || element.attributes.type === 'set')) reply(element)
    }
  }

  function header(): void {
    peer.write(
      `<?xml version='1.0'?><stream:stream from='${domain}' id='${randomBytes(8).toString('hex')}' version='1.0' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    )
    peer.write(`<stream:features>${offers()}</stream:features>`)
  }

  function offers(): string {
    if (account !== undefined) return `<bind xmlns='${BIND}'/>${management ? `<sm xmlns='${SM}'/>` : ''}${features}`
    if (!peer.secure && tls !== 'none') return `<starttls xmlns='${TLS}'><required/></starttls>`
    const list = (names: readonly string[]) => names.map((mechanism) => `<mechanism>${mechanism}</mechanism>`).join('')
    const binding = `<sasl-channel-binding xmlns='${CHANNEL_BINDING}'><channel-binding type='tls-exporter'/></sasl-channel-binding>`
    const inline = `<inline><bind xmlns='${BIND2}'><inline>${management ? `<feature var='${SM}'/>` : ''}</inline></bind>${management ? `<sm xmlns='${SM}'/>` : ''}${tokenMechanisms.length > 0 ? `<fast xmlns='${FAST}'>${list(tokenMechanisms)}</fast>` : ''}</inline>`
    const authentication = sasl2 ? `<authentication xmlns='${SASL2}'>${list(mechanisms)}${inline}</authentication>` : ''
    return `<mechanisms xmlns='${SASL}'>${list(mechanisms)}</mechanisms>${authentication}${mechanisms.some((mechanism) => mechanism.endsWith('-PLUS')) ? binding : ''}`
  }

  function negotiate(element: Element): void {
    const { name, xmlns, attributes } = element
    if (name === 'auth' || name === 'authenticate') {
      authenticate = element
      exchange = saslExchange(attributes.mechanism ?? '', socket, { ...options, password, tokens })
    }
    const said = name === 'authenticate' ? (childText(element, 'initial-response') ?? '') : text(element)
    const step = exchange?.(Buffer.from(said, 'base64')) ?? { failure: 'invalid-mechanism' }
    if ('challenge' in step) peer.write(`<challenge xmlns='${xmlns}'>${step.challenge.toString('base64')}</challenge>`)
    else if ('failure' in step) peer.write(`<failure xmlns='${xmlns}'><${step.failure} xmlns='${SASL}'/></failure>`)
    else {
      account = `${step.username}@${domain}`
      const data = step.done?.toString('base64') ?? ''
      if (xmlns === SASL2) succeed(data)
      else {
        peer.write(`<success xmlns='${SASL}'>${data}</success>`)
        peer.restart()
      }
    }
  }

  /** `<success/>` of SASL2, with what was asked for inside it */
  function succeed(data: string): void {
    const asked = authenticate as Element
    const resume = child(asked, 'resume', SM)
    const bind = child(asked, 'bind', BIND2)
    const wanted = child(asked, 'request-token', FAST)
    const resumed = resume && takeUp(resume)
    let inside = data === '' ? '' : `<additional-data>${data}</additional-data>`
    let bound = ''
    if (resumed?.startsWith('<resumed') !== true && bind !== undefined) {
      peer.jid = `${account}/${childText(bind, 'tag') ?? 'fake'}~${randomBytes(4).toString('hex')}`
      bound = `<bound xmlns='${BIND2}'>${child(bind, 'enable', SM) === undefined ? '' : enable()}</bound>`
    }
    inside += `<authorization-identifier>${peer.jid ?? account}</authorization-identifier>${resumed ?? ''}${bound}`
    if (wanted !== undefined) {
      const token = randomBytes(16).toString('base64')
      tokens.add(token)
      inside += `<token xmlns='${FAST}' token='${token}' expiry='${new Date(Date.now() + 86_400_000).toISOString()}'/>`
    }
    peer.write(`<success xmlns='${SASL2}'>${inside}</success>`)
    if (resumed?.startsWith('<resumed') !== true) peer.write(`<stream:features>${offers()}</stream:features>`)
  }

  function manage(element: Element): void {
    if (element.name === 'enable') peer.write(enable())
    else if (element.name === 'resume') peer.write(takeUp(element))
    else if (element.name === 'r') peer.write(`<a xmlns='${SM}' h='${peer.counted}'/>`)
  }

  function enable(): string {
    stream = randomBytes(8).toString('hex')
    peer.counted = 0
    if (management === 'volatile') return `<enabled xmlns='${SM}'/>`
    const id = stream
    options.socket.once('close', () => resumable.set(id, { jid: peer.jid as string, counted: peer.counted }))
    return `<enabled xmlns='${SM}' id='${id}' resume='true' max='600'/>`
  }

  function takeUp(element: Element): string {
    const id = element.attributes.previd ?? ''
    const kept = resumable.get(id)
    if (kept === undefined) return `<failed xmlns='${SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`
    resumable.delete(id)
    stream = id
    peer.jid = kept.jid
    peer.counted = kept.counted
    options.socket.once('close', () => resumable.set(id, { jid: kept.jid, counted: peer.counted }))
    return `<resumed xmlns='${SM}' previd='${id}' h='${kept.counted}'/>`
  }

  function reply(iq: Element): void {
    const bind = child(iq, 'bind', BIND)
    const known =
      bind ?? child(iq, 'query', 'jabber:iq:roster') ?? child(iq, 'ping', 'urn:xmpp:ping') ?? child(iq, 'enable', 'urn:xmpp:carbons:2')
    let inside = ''
    if (bind !== undefined) {
      peer.jid = `${account}/${childText(bind, 'resource') ?? randomBytes(4).toString('hex')}`
      inside = `<bind xmlns='${BIND}'><jid>${peer.jid}</jid></bind>`
    } else if (known?.xmlns === 'jabber:iq:roster') inside = `<query xmlns='jabber:iq:roster'/>`
    else if (known === undefined) inside = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`
    const from = iq.attributes.to === undefined ? '' : ` from='${iq.attributes.to}'`
    peer.write(`<iq type='${known === undefined ? 'error' : 'result'}' id='${iq.attributes.id}'${from}>${inside}</iq>`)
  }

  peer.restart()
  listen()
  return peer
}
