import type { Authenticate, Fast } from '@xmpp/client'
import xml from '@xmpp/xml'
import { sameAccount } from '../../folded-jid.ts'
import type { Device, FastToken } from '../../gateway/ports/connection.ts'
import type { SaslOptions } from '../../gateway/ports/session-record.ts'
import { CLIENT, child, childText, type Element } from '../../xml/element.ts'
import { XmlError } from '../../xml/parse.ts'
import type { Bounds } from '../bounds.ts'
import { type Failure, failure, STREAMS, streamFailure, toFailure } from '../failure.ts'
import { createLibrary, isConflict, libraryFailure } from '../library.ts'
import type { Channel } from '../stream/channel.ts'
import type { Reader } from '../stream/guard.ts'
import { noFeatures, readFeatures, type StreamFeatures, shownFeatures } from '../stream/stream-features.ts'
import { readEnabled, readH, SM } from '../stream/stream-management.ts'
import type { Derive } from './mechanisms/derivation.ts'
import { createSasl, type LoginPolicy, type PlainPolicy, SASL, SASL2 } from './sasl.ts'

const BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
/** bytes of a full JID (RFC 7622 section 3.1) */
const JID_MAX = 3071

/** What a connection keeps in mind from one log-in to the next. */
export interface LoginMemory {
  /** the server broke in the middle of SASL2: it is met with classic SASL */
  sasl2Broken: boolean
  /** the server could do without seeing the password: it is not shown to it any more */
  hidden: boolean
}

/** How a log-in ends on a server whose SASL2 breaks. */
const crashes = new Set(['timeout', 'connection-lost', 'internal-error', 'internal-server-error', 'undefined-condition'])

export interface Negotiation {
  channel: Channel
  reader: Reader
  /** bare JID */
  jid: string
  /** '' where there is none */
  password: string
  sasl: SaslOptions
  plain: PlainPolicy
  resource: string
  /** a stream to resume: its id and the number of the last stanza stored */
  resume: { id: string; jid: string; h: () => number } | undefined
  device: Device | undefined
  memory: LoginMemory
  derive: (signal: AbortSignal) => Derive
  bounds: Bounds
  /** aborted with a Failure */
  signal: AbortSignal
}

export interface Negotiated {
  /** the full JID that the server bound, as it wrote it */
  jid: string
  /** as offered after authentication; none where they come later, if at all */
  features: StreamFeatures
  outcome:
    | { kind: 'resumed'; h: number }
    /** `management` undefined: the server has none; `failedH`: where a resume was refused, the server's h if it gave one */
    | { kind: 'bound'; management: { id: string | undefined; max: number | null } | undefined; failedH: number | null }
  /** stanzas that came after the bind and before stream management counted */
  early: Element[]
}

/**
 * From a secure channel to a bound or resumed stream: @xmpp/client does SASL, SASL2, bind and bind2 here and is let go after.
 * It sees elements that our parser made, of a negotiation only: no stanza but the answer to its bind, no stream error, no
 * stream management (that is ours). On success the reader is held, for the next owner to release.
 * Rejects with a Failure.
 */
export function negotiate(negotiation: Negotiation): Promise<Negotiated> {
  const { channel, reader, jid, resource, resume, device, memory, derive, bounds, signal } = negotiation
  const { promise, resolve, reject } = Promise.withResolvers<Negotiated>()
  const at = jid.indexOf('@')
  const [local, domain] = [jid.slice(0, Math.max(at, 0)), jid.slice(at + 1)]
  const early: Element[] = []
  let authenticated = false
  /** the features of this phase have come: each phase has them once */
  let offered = false
  let settled = false
  /** ends what is still computed for it */
  const over = new AbortController()
  let features = noFeatures
  let failedH: number | null = null
  /** what the next element of stream management answers */
  let awaited: ((answer: Element) => void) | undefined
  /** the server may send stanzas (RFC 6120 section 7.1) */
  let bound = false
  /** the bind was done a second time */
  let rebound = false
  /** from the offer of SASL2 to its success */
  let inSasl2 = false
  /** inside the success of SASL2 */
  let inline = false
  /** a kept token is in use */
  let tried = false
  let inlineResumed: number | undefined
  let inlineManaged: { id: string | undefined; max: number | null } | undefined
  let tail: ((next: Element | undefined) => void) | undefined
  /** what the server last said that we are: the library would write it in its own way */
  let named: string | undefined

  const library = createLibrary({
    channel,
    reader,
    jid,
    domain,
    resource,
    device: device?.userAgent,
    timeout: bounds.attempt,
    credentials,
  })
  const { entity } = library
  entity.on('error', onError)
  entity.on('online', onOnline)
  const policy = loginPolicy(negotiation)
  const sasl = createSasl({
    channel,
    jid,
    domain,
    policy,
    derive: derive(over.signal),
    factory: entity.saslFactory,
    tokenFactory: entity.fast.saslFactory,
  })
  inlineManagement()

  function settle(): boolean {
    if (settled) return false
    settled = true
    over.abort()
    signal.removeEventListener('abort', onAbort)
    return true
  }
  function fail(cause: Failure): void {
    if (!settle()) return
    if (inSasl2 && crashes.has(cause.reason)) memory.sasl2Broken = true
    reject(cause)
    library.dismiss(cause)
  }
  function finish(outcome: Negotiated['outcome'], full: string): void {
    if (!settle()) return
    reader.hold()
    entity.removeListener('online', onOnline)
    resolve({ jid: full, features, outcome, early })
  }
  const onAbort = () => fail(toFailure(signal.reason))

  function onError(thrown: unknown): void {
    // a resource in use, perhaps by a stream of ours that still hibernates there: the server may choose another, once
    if (isConflict(thrown) && !rebound) {
      rebound = true
      reader.release()
      entity.iqCaller
        .set(xml('bind', { xmlns: BIND }))
        .then(onBound)
        .catch((cause: unknown) => fail(libraryFailure(cause)))
      return
    }
    fail(libraryFailure(thrown))
  }
  function onOnline(): void {
    if (!inline) onBound()
  }

  async function credentials(authenticate: Authenticate, offered: string[], fast: Fast | null): Promise<void> {
    const token = fast === null || device === undefined ? null : await device.token()
    tried = token !== null
    await authenticate(
      { username: local, password: negotiation.password, ...(token === null ? {} : { token }) },
      offered[0] as string,
      library.userAgent,
    )
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
      // what follows counts: it is the stream's
      finish({ kind: 'resumed', h: inlineResumed }, resume.jid)
      return
    }
    if (entity.status === 'online') {
      const full = ownJid()
      const end = () => finish({ kind: 'bound', management: inlineManaged, failedH }, full)
      const timer = setTimeout(end, bounds.tail)
      tail = (next) => {
        clearTimeout(timer)
        tail = undefined
        const isFeatures = next !== undefined && next.xmlns === STREAMS && next.name === 'features'
        if (isFeatures) features = readFeatures(next)
        end()
        if (next !== undefined && !isFeatures) reader.unread(next)
      }
    }
    reader.release()
  }

  /** The server may write the account in another way than it was asked for; that is its name from then on. */
  function ownJid(): string {
    const full = named ?? ''
    const slash = full.indexOf('/')
    const account = full.slice(0, Math.max(slash, 0))
    // the server makes the local part of an anonymous account
    const asked = local === '' ? `${account.slice(0, Math.max(account.indexOf('@'), 0))}@${domain}` : jid
    if (slash > 0 && slash < full.length - 1 && Buffer.byteLength(full) <= JID_MAX && sameAccount(account, asked)) return full
    throw failure('bind-failed', 'xmpp-unreachable', 'The XMPP server bound another account than the one that logged in.')
  }

  /** The answer to a bind is looked at before the library reads it. */
  function onNamed(answer: Element): void {
    const bind = child(answer, 'bind', BIND)
    if (bind === undefined) return
    named = childText(bind, 'jid')
    ownJid()
  }

  function onBound(): void {
    const full = ownJid()
    bound = true
    if (!features.names.includes(SM)) {
      finish({ kind: 'bound', management: undefined, failedH }, full)
      return
    }
    reader.release()
    channel.write(`<enable xmlns="${SM}" resume="true"/>`)
    awaited = (answer) => {
      const management = answer.name === 'enabled' ? readEnabled(answer) : undefined
      finish({ kind: 'bound', management, failedH }, full)
    }
  }

  function onFeatures(offer: Element): void {
    if (offered) throw outOfTurn()
    offered = true
    features = readFeatures(offer)
    if (!authenticated || resume === undefined || !features.names.includes(SM)) {
      showFeatures(offer)
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
      showFeatures(offer)
    }
  }

  function showFeatures(offer: Element): void {
    const sasl2 = !authenticated && !memory.sasl2Broken && features.names.includes(SASL2)
    if (sasl2) inSasl2 = true
    library.show(shownFeatures(offer, { authenticated, sasl2, tokens: device !== undefined, sasl }))
  }

  function onSuccess(success: Element): void {
    sasl.finish(success)
    memory.hidden ||= sasl.hidden
    authenticated = true
    inSasl2 = false
    offered = false
    // what was offered before is not what the stream has
    features = noFeatures
    inline = success.xmlns === SASL2
    named = childText(success, 'authorization-identifier')
    // nothing may follow before the stream starts anew, or before the library has taken what is inside (SASL2)
    reader.hold()
    library.show(success)
  }

  reader.handle({
    most: bounds.negotiation,
    open: library.showOpen,
    ended: (cause) => {
      fail(cause ?? failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the stream before it was ready.'))
    },
    element: (element) => {
      const { name, xmlns } = element
      if (xmlns === STREAMS && name === 'error') throw streamFailure(element)
      if (tail !== undefined) tail(element)
      else if (xmlns === STREAMS && name === 'features') onFeatures(element)
      else if (xmlns === SM && awaited !== undefined) {
        const answer = awaited
        awaited = undefined
        answer(element)
      } else if ((xmlns === SASL || xmlns === SASL2) && name === 'success') onSuccess(element)
      else if (xmlns === SASL || xmlns === SASL2) library.show(element)
      else if (xmlns === CLIENT && library.awaits(element)) {
        if (element.attributes.type === 'result') onNamed(element)
        // the library takes the answer in later microtasks; what follows in the same chunk must wait for it
        reader.hold()
        library.show(element)
      } else if (bound && xmlns === CLIENT && early.length < bounds.held) early.push(element)
      else throw outOfTurn()
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

/** What was allowed for this account, or by the operator for all. A password that a server could do without seeing is only shown where that was allowed. */
function loginPolicy({ password, sasl, plain, memory }: Negotiation): LoginPolicy {
  const { allow = [], certificate } = sasl
  return {
    password: password !== '',
    allowPlain: allow.includes('PLAIN') || (plain === 'last-resort' && !memory.hidden),
    optIn: certificate === undefined ? allow : ['EXTERNAL', ...allow],
  }
}

function outOfTurn(): XmlError {
  return new XmlError('bad-format', 'It does not belong into a negotiation, or not here.')
}

function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
