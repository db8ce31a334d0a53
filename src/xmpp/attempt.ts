import type { SecureContext } from 'node:tls'
import type { ConnectionSpec } from '../gateway/ports.ts'
import type { Resolve } from '../net/address.ts'
import type { Bounds } from './bounds.ts'
import type { Channel } from './channel.ts'
import type { AddressRules } from './dial.ts'
import { failure, toFailure } from './failure.ts'
import { type Negotiated, negotiate } from './negotiation.ts'
import { createReader, type Reader } from './reader.ts'
import { findTargets, type ResolveSrv } from './resolver.ts'
import { openChannel } from './transport.ts'

/** What all connections of a connector share. */
export interface Surroundings {
  rules: AddressRules
  context: SecureContext
  stanzaLimit: number
  bounds: Bounds
  monotonic: () => number
  resolve: { host?: Resolve | undefined; srv?: ResolveSrv | undefined }
  random: () => number
}

export interface Attempt {
  channel: Channel
  reader: Reader
  negotiated: Negotiated
}

/**
 * One log-in from the look-up of the address to a bound or resumed stream, under one deadline. On failure nothing of it is left.
 * Rejects with a Failure.
 */
export async function attemptOnce({
  spec,
  resume,
  sasl2,
  surroundings,
  signal,
}: {
  spec: ConnectionSpec
  resume: { id: string; jid: string; h: () => number } | undefined
  sasl2: boolean
  surroundings: Surroundings
  /** of the connection: aborted when it is closed */
  signal: AbortSignal
}): Promise<Attempt> {
  const { bounds, stanzaLimit, monotonic, resolve, random } = surroundings
  const deadline = new AbortController()
  const late = failure('timeout', 'xmpp-timeout', 'The XMPP server did not answer in time.')
  const timer = setTimeout(() => deadline.abort(late), bounds.attempt)
  const abort = () => deadline.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  let channel: Channel | undefined
  try {
    const domain = spec.jid.slice(spec.jid.indexOf('@') + 1)
    const targets = await findTargets({ domain, service: spec.service, lookup: bounds.lookup, resolve: resolve.srv, random })
    channel = await openChannel(targets, { ...surroundings, domain, resolve: resolve.host, signal: deadline.signal })
    const reader = createReader({ channel, stanzaLimit, bounds, monotonic })
    const { jid, password, resource } = spec
    const negotiated = await negotiate({ channel, reader, jid, password, resource, resume, sasl2, bounds, signal: deadline.signal })
    return { channel, reader, negotiated }
  } catch (thrown) {
    channel?.destroy()
    throw toFailure(thrown)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
