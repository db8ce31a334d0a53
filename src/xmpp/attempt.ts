import type { SecureContext } from 'node:tls'
import type { Places } from '../fair/places.ts'
import type { ConnectionSpec } from '../gateway/ports/connection.ts'
import type { Metrics } from '../gateway/ports/metrics.ts'
import type { ClientCertificate } from '../gateway/ports/session-record.ts'
import type { Resolve } from '../net/address.ts'
import type { XmlLimits } from '../xml/limits.ts'
import type { Bounds } from './bounds.ts'
import { attemptAsComponent } from './component/attempt.ts'
import type { AddressRules } from './dial/dial.ts'
import { findTargets, type ResolveSrv, serviceTarget, type Target } from './dial/resolver.ts'
import { openChannel } from './dial/transport.ts'
import { closed, type Failure, timedOut, toFailure } from './failure.ts'
import type { LoginMemory, Negotiated } from './login/login.ts'
import type { Derive } from './login/mechanisms/derivation.ts'
import { negotiate } from './login/negotiation.ts'
import type { PlainPolicy } from './login/sasl.ts'
import { type Channel, fenced } from './stream/channel.ts'
import { Reader } from './stream/stream-reader.ts'
import { unlessAborted } from './unless-aborted.ts'

/** What all connections of a connector share. */
export interface Shared {
  rules: AddressRules
  context: SecureContext
  /** the same with a client certificate */
  contextWith(certificate: ClientCertificate): SecureContext
  plain: PlainPolicy
  /** bytes of a stanza that is sent */
  stanzaLimit: number
  /** of one that is received, with what servers put around it */
  readLimits: Readonly<XmlLimits>
  bounds: Bounds
  /** keys of passwords, in their turn among all connections; dropped when the signal is aborted */
  derivations: (tenant: string, signal: AbortSignal) => Derive
  /** for attempts that have just begun */
  logIns: Places
  monotonic: () => number
  /** addresses of hosts, in their turn too */
  lookUps: (tenant: string, signal: AbortSignal) => Resolve
  resolveSrv: ResolveSrv | undefined
  random: () => number
  metrics: Metrics
}

export interface Attempt {
  channel: Channel
  reader: Reader
  negotiated: Negotiated
}

interface AttemptOptions {
  spec: ConnectionSpec
  resume: { id: string; jid: string; h: () => number } | undefined
  memory: LoginMemory
  /** `host[:port]` of a see-other-host that a bound stream ended with */
  elsewhere: string | undefined
  shared: Shared
  /** of the connection: aborted when it is closed */
  signal: AbortSignal
}

/**
 * One log-in from the look-up of the address to a bound or resumed stream, under one deadline. On failure nothing of it is left.
 * Rejects with a Failure.
 */
export async function attemptOnce(options: AttemptOptions): Promise<Attempt> {
  const { metrics, monotonic, logIns, bounds } = options.shared
  const hasBegun = await logIns.take(options.spec.tenant, options.signal)
  const begins = setTimeout(hasBegun, bounds.logInBegins)
  const begun = monotonic()
  try {
    const made = await attempt(options)
    const { kind } = made.negotiated.outcome
    metrics.count('connect_attempts_total', { result: kind, reason: '' })
    metrics.observe('connect_duration_seconds', (monotonic() - begun) / 1000)
    if (options.resume !== undefined) metrics.count('resume_total', { result: kind === 'resumed' ? 'resumed' : 'refused' })
    return made
  } catch (thrown) {
    const cause = toFailure(thrown)
    metrics.count('connect_attempts_total', { result: 'failed', reason: cause.reason })
    throw cause
  } finally {
    clearTimeout(begins)
    hasBegun()
  }
}

async function attempt({ spec, resume, memory, elsewhere, shared, signal }: AttemptOptions): Promise<Attempt> {
  const { bounds, derivations, lookUps, resolveSrv, random, plain } = shared
  const deadline = new AbortController()
  const late = timedOut()
  const timer = setTimeout(() => deadline.abort(late), bounds.attempt)
  const abort = () => deadline.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const { tenant, service, jid, resource, userAgent, holdsLease } = spec
  const domain = jid.slice(jid.indexOf('@') + 1)

  async function tryTargets(targets: readonly Target[]): Promise<Attempt> {
    let channel: Channel | undefined
    try {
      const [password, sasl = {}] = await unlessAborted(deadline.signal, Promise.all([spec.password(), spec.sasl?.()]))
      const context = sasl.certificate === undefined ? shared.context : shared.contextWith(sasl.certificate)
      // one that wakes up late does not even dial
      if (holdsLease?.() === false) throw closed()
      channel = await openChannel(targets, {
        ...shared,
        context,
        domain,
        resolve: lookUps(tenant, deadline.signal),
        signal: deadline.signal,
      })
      if (holdsLease !== undefined) channel = fenced(channel, holdsLease)
      const reader = new Reader(channel, shared)
      const common = { channel, reader, bounds, signal: deadline.signal }
      const negotiated = await negotiate({
        ...common,
        derive: (over) => derivations(tenant, over),
        jid,
        password,
        sasl,
        plain,
        resource,
        userAgent,
        resume,
        memory,
      })
      return { channel, reader, negotiated }
    } catch (thrown) {
      channel?.destroy()
      const cause = toFailure(thrown)
      // said in clear text it could be anybody's word
      if (channel?.secure !== true || channel.framed) cause.elsewhere = undefined
      throw cause
    }
  }

  try {
    if (spec.component) return await attemptAsComponent(spec, { shared, signal: deadline.signal })
    const targets = elsewhere === undefined ? await usual() : [otherHost(elsewhere)]
    try {
      return await tryTargets(targets)
    } catch (thrown) {
      const { elsewhere: next } = thrown as Failure
      if (next === undefined || elsewhere !== undefined) throw thrown
      return await tryTargets([otherHost(next)])
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }

  function usual(): Promise<Target[]> {
    return findTargets({ domain, service, lookup: bounds.lookup, resolve: resolveSrv, random, signal: deadline.signal })
  }
}

/** Where a see-other-host leads (RFC 6120 section 4.9.3.19): like any other address, with STARTTLS and the certificate of the original domain. */
function otherHost(elsewhere: string): Target {
  return serviceTarget(`xmpp://${elsewhere}`)
}
