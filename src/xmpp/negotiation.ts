import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { type Authenticate, client, type Fast, type XmppClient } from '@xmpp/client'
import xml from '@xmpp/xml'
import { child, childText, type Element, elements, text } from '../stanza/element.ts'
import type { Bounds } from './bounds.ts'
import type { Channel } from './channel.ts'
import { type Failure, failure, STREAMS, streamFailure, toFailure } from './failure.ts'
import { toLtx } from './ltx.ts'
import type { Reader } from './reader.ts'
import { install, mechanisms } from './sasl.ts'
import { offersManagement, readEnabled, readH, SM } from './stream-management.ts'

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const SASL2 = 'urn:xmpp:sasl:2'
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const LIMITS = 'urn:xmpp:stream-limits:0'
const CLIENT = 'jabber:client'

export interface Negotiation {
  channel: Channel
  reader: Reader
  /** bare JID */
  jid: string
  password: () => Promise<string>
  resource: string
  /** a stream to resume: its id and the number of the last stanza stored */
  resume: { id: string; jid: string; h: () => number } | undefined
  /** false: a server whose SASL2 failed is met with classic SASL */
  sasl2: boolean
  bounds: Bounds
  /** aborted with a Failure */
  signal: AbortSignal
}

export interface Negotiated {
  /** the full JID that the server bound */
  jid: string
  /** names (xmlns) of the stream features offered after authentication */
  features: readonly string[]
  outcome:
    | { kind: 'resumed'; h: number }
    /** `management` undefined: the server has none; `failedH`: where a resume was refused, the server's h if it gave one */
    | { kind: 'bound'; management: { id: string | undefined; max: number | null } | undefined; failedH: number | null }
  /** XEP-0478: bytes of a stanza that the server takes, seconds of silence that it bears */
  maxBytes: number | undefined
  idleSeconds: number | undefined
  /** stanzas that came before stream management counted */
  early: Element[]
}

/**
 * From a secure channel to a bound or resumed stream: @xmpp/client does SASL, SASL2, bind and bind2 here and is let go after.
 * It sees elements that our parser made, of a negotiation only: no stanza but the answer to its bind, no stream error, no
 * stream management (that is ours). On success the reader is held, for the next owner to release.
 * Rejects with a Failure.
 */
export function negotiate(negotiation: Negotiation): Promise<Negotiated> {
  const { channel, reader, jid, resource, resume, bounds, signal } = negotiation
  const { promise, resolve, reject } = Promise.withResolvers<Negotiated>()
  const [local = '', domain = ''] = splitBare(jid)
  const early: Element[] = []
  let authenticated = false
  let settled = false
  let features: string[] = []
  let maxBytes: number | undefined
  let idleSeconds: number | undefined
  let failedH: number | null = null
  /** what the next element of stream management answers */
  let awaited: ((answer: Element) => void) | undefined
  let bound: string | undefined
  let inline = false

  const userAgent = xml('user-agent', { id: randomUUID() }, xml('software', {}, 'stanzagate'))
  const entity = client({ service: `xmpp://${domain}`, domain, resource, timeout: bounds.attempt, userAgent, credentials })
  entity.reconnect.stop()
  entity._jid(jid)
  entity.on('error', onError)
  entity.on('online', onOnline)
  const exchange = install(entity.saslFactory, mechanisms(channel))
  const parser = attach(entity, channel, reader)

  function settle(): boolean {
    if (settled) return false
    settled = true
    signal.removeEventListener('abort', onAbort)
    return true
  }
  function fail(cause: Failure): void {
    if (!settle()) return
    reject(cause)
    dismiss(entity, cause)
  }
  function finish(outcome: Negotiated['outcome'], full: string): void {
    if (!settle()) return
    reader.hold()
    entity.removeListener('online', onOnline)
    resolve({ jid: full, features, outcome, maxBytes, idleSeconds, early })
  }
  const onAbort = () => fail(toFailure(signal.reason))

  function onError(thrown: unknown): void {
    // a resource in use, perhaps by a stream of ours that still hibernates there: the server may choose another, once
    if (condition(thrown) === 'conflict' && (thrown as Error).name === 'StanzaError' && bound === undefined) {
      bound = ''
      reader.release()
      entity.iqCaller
        .set(xml('bind', { xmlns: BIND }))
        .then((answer) => onBound(answer.getChildText('jid')))
        .catch((cause: unknown) => fail(libraryFailure(cause)))
      return
    }
    fail(libraryFailure(thrown))
  }
  function onOnline(): void {
    onBound(entity.jid?.toString())
  }

  async function credentials(authenticate: Authenticate, offered: string[], fast: Fast | null): Promise<void> {
    void fast
    const mechanism = offered[0] as string
    await authenticate({ username: local, password: await negotiation.password() }, mechanism, userAgent)
    if (inline) reader.release()
  }

  function onBound(full: string | null | undefined): void {
    reader.release()
    if (full === null || full === undefined || !full.startsWith(`${jid}/`)) {
      fail(failure('bind-failed', 'xmpp-unreachable', 'The XMPP server bound another account than the one that logged in.'))
      return
    }
    bound = full
    if (!features.includes(SM)) {
      finish({ kind: 'bound', management: undefined, failedH }, full)
      return
    }
    channel.write(`<enable xmlns="${SM}" resume="true"/>`)
    awaited = (answer) => {
      const management = answer.name === 'enabled' ? readEnabled(answer) : undefined
      finish({ kind: 'bound', management, failedH }, full)
    }
  }

  function onFeatures(offered: Element): void {
    features = elements(offered).map(({ xmlns }) => xmlns)
    const limits = child(offered, 'limits', LIMITS)
    maxBytes = limits && positive(childText(limits, 'max-bytes'))
    idleSeconds = limits && positive(childText(limits, 'idle-seconds'))
    if (!authenticated || resume === undefined || !offersManagement(offered)) {
      pass(without(offered))
      return
    }
    channel.write(`<resume xmlns="${SM}" previd="${escapeXml(resume.id)}" h="${resume.h()}"/>`)
    awaited = (answer) => {
      if (answer.name === 'resumed') {
        finish({ kind: 'resumed', h: readH(answer) }, resume.jid)
        return
      }
      const h = readH(answer)
      failedH = Number.isNaN(h) ? null : h
      pass(without(offered))
    }
  }

  /** What the library may see of the features: TLS is done before it, stream management is ours, compression is never taken (T13). */
  function without(offered: Element): Element {
    const known = new Set([SASL, BIND, ...(negotiation.sasl2 ? [SASL2] : [])])
    return { ...offered, children: elements(offered).filter(({ xmlns }) => known.has(xmlns)) }
  }

  function onSuccess(success: Element): void {
    const said = success.xmlns === SASL ? text(success) : (childText(success, 'additional-data', SASL2) ?? '')
    const run = exchange()
    if (said !== '' && said !== '=') run?.final(Buffer.from(said, 'base64').toString('latin1'))
    // without this proof anybody could have said `<success/>` (RFC 5802 section 3)
    if (run?.proven !== true) {
      throw failure('server-not-trusted', 'xmpp-server-not-trusted', 'The XMPP server did not prove that it knows the account.')
    }
    authenticated = true
    inline = success.xmlns === SASL2
    // nothing may follow before the stream starts anew, or before the library has taken what is inside (SASL2)
    reader.hold()
    pass(success)
  }

  function pass(element: Element): void {
    parser().emit('element', toLtx(element))
  }

  reader.handle({
    open: (root) => {
      parser().emit('start', toLtx(root))
    },
    ended: (cause) => {
      fail(cause ?? failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the stream before it was ready.'))
    },
    element: (element) => {
      const { name, xmlns } = element
      if (xmlns === STREAMS && name === 'error') throw streamFailure(element)
      if (xmlns === STREAMS && name === 'features') return onFeatures(element)
      if (xmlns === SM && awaited !== undefined) {
        const answer = awaited
        awaited = undefined
        return answer(element)
      }
      if (xmlns === SASL || xmlns === SASL2) return name === 'success' ? onSuccess(element) : pass(element)
      if (xmlns === CLIENT && name === 'iq' && entity.iqCaller.handlers.has(element.attributes.id ?? '')) {
        // the library takes the answer in later microtasks; what follows in the same chunk must wait for it
        reader.hold()
        return pass(element)
      }
      if (!authenticated || early.length >= bounds.held) {
        throw failure('bad-format', 'xmpp-unreachable', 'The XMPP server sent what does not belong into a negotiation.')
      }
      early.push(element)
    },
  })
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })

  entity
    .connect(`xmpp://${domain}`)
    .then(() => (settled ? undefined : entity.open({ domain })))
    .catch((cause: unknown) => fail(libraryFailure(cause)))
  return promise
}

/**
 * Gives the library our channel as its socket and our reader as its parser. Each parser it makes is a stream that starts anew.
 * Answers the parser that listens now.
 */
function attach(entity: XmppClient, channel: Channel, reader: Reader): () => EventEmitter {
  let parser: EventEmitter | undefined
  class ChannelSocket extends EventEmitter {
    readonly secure = channel.secure
    connect(): void {
      queueMicrotask(() => this.emit('connect'))
    }
    write(data: string, done: (cause?: Error | null) => void): void {
      channel.write(data, done)
    }
    end(): void {
      channel.end()
    }
  }
  class ReaderParser extends EventEmitter {
    constructor() {
      super()
      if (parser !== undefined) reader.restart()
      parser = this
    }
  }
  const base = entity.transports.find((transport) => {
    const { socketParameters } = (transport as { prototype: { socketParameters(service: string): unknown } }).prototype
    return socketParameters.call(undefined, channel.framed ? 'wss://x' : 'xmpps://x') !== undefined
  }) as { prototype: object }
  const prototype = Object.assign(Object.create(base.prototype), {
    Socket: ChannelSocket,
    Parser: ReaderParser,
    socketParameters: () => ({}),
  })
  entity.transports = [{ prototype }]
  return () => parser as EventEmitter
}

/** Ends what the library still waits for, so that none of its timers outlives the attempt. */
function dismiss(entity: XmppClient, cause: Failure): void {
  for (const waiting of entity.iqCaller.handlers.values()) waiting.reject(cause)
  entity.emit('error', cause)
}

function condition(thrown: unknown): string | undefined {
  return (thrown as { condition?: string } | undefined)?.condition
}

function libraryFailure(thrown: unknown): Failure {
  const named = thrown as Error & { condition?: string; text?: string }
  if (named.name === 'SASLError') return saslFailure(named.condition ?? '', named)
  if (named.name === 'StanzaError') {
    return failure(`bind-${named.condition}`, 'xmpp-unreachable', `The XMPP server refused to bind a resource: ${named.condition}.`, thrown)
  }
  if (named.name === 'TimeoutError') return failure('timeout', 'xmpp-timeout', 'The XMPP server did not answer in time.', thrown)
  return toFailure(thrown)
}

/** RFC 6120 section 6.5 */
function saslFailure(name: string, cause: unknown): Failure {
  if (!/^[a-z-]+$/.test(name)) {
    return failure('sasl-no-mechanism', 'xmpp-authentication-failed', 'The XMPP server offers no log-in that is safe enough.', cause)
  }
  if (name === 'temporary-auth-failure') {
    return failure(`sasl-${name}`, 'xmpp-unreachable', 'The XMPP server cannot check the credentials now.', cause)
  }
  return failure(`sasl-${name}`, 'xmpp-authentication-failed', `The XMPP server refused the credentials: ${name}.`, cause)
}

function splitBare(jid: string): [local: string, domain: string] {
  const at = jid.indexOf('@')
  return at < 0 ? ['', jid] : [jid.slice(0, at), jid.slice(at + 1)]
}

function positive(value: string | undefined): number | undefined {
  const number = Number(value)
  return value !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined
}

function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
