import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { type Authenticate, client, type Fast, type XmppClient } from '@xmpp/client'
import xml from '@xmpp/xml'
import type { Device, FastToken } from '../gateway/ports.ts'
import { child, childText, type Element, elements } from '../stanza/element.ts'
import type { Bounds } from './bounds.ts'
import type { Channel } from './channel.ts'
import { type Failure, failure, STREAMS, streamFailure, toFailure } from './failure.ts'
import { toLtx } from './ltx.ts'
import type { Reader } from './reader.ts'
import { createSasl, FAST, type LoginPolicy, SASL, SASL2 } from './sasl.ts'
import { offersManagement, readEnabled, readH, SM } from './stream-management.ts'

const BIND2 = 'urn:xmpp:bind:0'
const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const LIMITS = 'urn:xmpp:stream-limits:0'
const CLIENT = 'jabber:client'

/** What a connection keeps in mind from one log-in to the next. */
export interface LoginMemory {
  /** 'begun' when SASL2 was tried; a server whose SASL2 breaks is met with classic SASL: 'avoided' */
  sasl2: 'unused' | 'begun' | 'avoided'
  /** the server could do without seeing the password: it is not shown to it any more */
  hidden: boolean
}

export interface Negotiation {
  channel: Channel
  reader: Reader
  /** bare JID */
  jid: string
  password: () => Promise<string>
  resource: string
  /** a stream to resume: its id and the number of the last stanza stored */
  resume: { id: string; jid: string; h: () => number } | undefined
  device: Device | undefined
  memory: LoginMemory
  /** mechanisms that are only used where asked for */
  optIn: readonly string[]
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
  const { channel, reader, jid, resource, resume, device, memory, bounds, signal } = negotiation
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
  /** inside the success of SASL2 */
  let inline = false
  /** a kept token is in use */
  let tried = false
  let inlineResumed: number | undefined
  let inlineManaged: { id: string | undefined; max: number | null } | undefined
  let tail: ((next: Element | undefined) => void) | undefined

  const userAgent = xml('user-agent', { id: device?.userAgent ?? userAgentId(jid, resource) }, xml('software', {}, 'stanzagate'))
  const entity = client({ service: `xmpp://${domain}`, domain, resource, timeout: bounds.attempt, userAgent, credentials })
  entity.reconnect.stop()
  entity._jid(jid)
  entity.on('error', onError)
  entity.on('online', onOnline)
  const policy: LoginPolicy = { allowPlain: !memory.hidden, optIn: negotiation.optIn }
  const sasl = createSasl({ channel, domain, policy, factory: entity.saslFactory, tokenFactory: entity.fast.saslFactory })
  inlineManagement()
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
    if (!inline) onBound(entity.jid?.toString())
  }

  async function credentials(authenticate: Authenticate, offered: string[], fast: Fast | null): Promise<void> {
    const token = fast === null || device === undefined ? null : await device.token()
    tried = token !== null
    const password = await negotiation.password()
    await authenticate({ username: local, password, ...(token === null ? {} : { token }) }, offered[0] as string, userAgent)
    if (inline) afterInline()
  }

  /** Resume and enable inside SASL2 and bind2 (XEP-0198 section 9, XEP-0386 section 2): in the library's hooks for them, in place of its own. */
  function inlineManagement(): void {
    entity.sasl2.use(
      SM,
      () => resume && xml('resume', { xmlns: SM, previd: resume.id, h: String(resume.h()) }),
      (answer) => {
        const h = readH({ attributes: answer.attrs })
        if (answer.is('resumed')) inlineResumed = h
        else failedH = Number.isNaN(h) ? null : h
      },
    )
    entity.bind2.use(
      SM,
      () => xml('enable', { xmlns: SM, resume: 'true' }),
      (answer) => {
        if (answer.is('enabled')) inlineManaged = readEnabled({ attributes: answer.attrs })
      },
    )
    entity.fast.saveToken = async (token) => keep(token)
    // the library also forgets a token that there never was
    entity.fast.deleteToken = async () => (tried ? keep(null) : undefined)
  }
  /** A token that cannot be kept is only a log-in by password more. */
  async function keep(token: FastToken | null): Promise<void> {
    await device?.keep(token).catch(() => undefined)
  }

  /** SASL2 has succeeded, and the library has taken all that came inside. */
  function afterInline(): void {
    inline = false
    if (inlineResumed !== undefined && resume !== undefined) {
      finish({ kind: 'resumed', h: inlineResumed }, resume.jid)
    } else if (entity.status === 'online') {
      const full = checkOwn(entity.jid?.toString())
      const end = () => finish({ kind: 'bound', management: inlineManaged, failedH }, full)
      const timer = setTimeout(end, bounds.tail)
      tail = (next) => {
        clearTimeout(timer)
        tail = undefined
        const isFeatures = next !== undefined && next.xmlns === STREAMS && next.name === 'features'
        if (isFeatures) readFeatures(next)
        end()
        if (next !== undefined && !isFeatures) reader.unread(next)
      }
    }
    reader.release()
  }

  function checkOwn(full: string | null | undefined): string {
    if (full?.startsWith(`${jid}/`) === true) return full
    throw failure('bind-failed', 'xmpp-unreachable', 'The XMPP server bound another account than the one that logged in.')
  }

  function onBound(given: string | null | undefined): void {
    reader.release()
    const full = checkOwn(given)
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

  function readFeatures(offered: Element): void {
    features = elements(offered).map(({ xmlns }) => xmlns)
    const limits = child(offered, 'limits', LIMITS)
    maxBytes = limits && positive(childText(limits, 'max-bytes'))
    idleSeconds = limits && positive(childText(limits, 'idle-seconds'))
  }
  function onFeatures(offered: Element): void {
    readFeatures(offered)
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
    if (authenticated) return { ...offered, children: elements(offered).filter(({ xmlns }) => xmlns === BIND) }
    const modern = memory.sasl2 === 'avoided' ? undefined : child(offered, 'authentication', SASL2)
    if (modern !== undefined) {
      memory.sasl2 = 'begun'
      const inline = (node: Element) => ({ ...node, children: elements(node).flatMap(inlineFeature) })
      const chosen = sasl.choose(modern, offered)
      return {
        ...offered,
        children: [{ ...chosen, children: elements(chosen).map((node) => (node.name === 'inline' ? inline(node) : node)) }],
      }
    }
    const classic = child(offered, 'mechanisms', SASL)
    return { ...offered, children: classic === undefined ? [] : [sasl.choose(classic, offered)] }
  }
  function inlineFeature(offer: Element): Element[] {
    if (offer.xmlns === FAST && device !== undefined) return [sasl.chooseToken(offer)]
    return offer.xmlns === BIND2 || offer.xmlns === SM ? [offer] : []
  }

  function onSuccess(success: Element): void {
    sasl.finish(success)
    memory.hidden ||= sasl.hidden
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
      if (tail !== undefined) {
        tail(element)
        return
      }
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

/** The same UUID for each log-in of the same connection, where none is kept. */
function userAgentId(jid: string, resource: string): string {
  const hash = createHash('sha256').update(`stanzagate user agent ${jid}/${resource}`).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
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
