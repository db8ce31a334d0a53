/** Logging in as a component (XEP-0114 section 3): a stream for a domain, and a proof of the secret. */
import { createHash } from 'node:crypto'
import { CLIENT, COMPONENT, type Element, element } from '../../xml/element.ts'
import { STREAMS, XmlError } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Bounds } from '../bounds.ts'
import { failure, streamFailure, toFailure } from '../failure.ts'
import type { Negotiated } from '../login/login.ts'
import type { Channel } from '../stream/channel.ts'
import { noFeatures } from '../stream/stream-features.ts'
import type { Reader } from '../stream/stream-reader.ts'

export interface Handshake {
  channel: Channel
  reader: Reader
  domain: string
  secret: string
  bounds: Pick<Bounds, 'negotiation'>
  /** aborted with a Failure */
  signal: AbortSignal
}

/** A stream that the server has taken, without resume or acknowledgements. On success the reader is held. Rejects with a Failure. */
export function shakeHands({ channel, reader, domain, secret, bounds, signal }: Handshake): Promise<Negotiated> {
  const { promise, resolve, reject } = Promise.withResolvers<Negotiated>()
  const abort = () => reject(toFailure(signal.reason))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })

  reader.handle({
    most: bounds.negotiation,
    open({ attributes: { id = '' } }) {
      channel.write(serialize(element('handshake', CLIENT, {}, [proofOf(id, secret)])))
    },
    element(received) {
      if (received.xmlns === STREAMS && received.name === 'error') throw refusal(received)
      if (received.name !== 'handshake' || received.xmlns !== CLIENT)
        throw new XmlError('bad-format', 'It does not belong into a handshake.')
      reader.hold()
      resolve({ jid: domain, features: noFeatures, outcome: { kind: 'bound', management: undefined, failedH: null }, early: [] })
    },
    ended: (cause) =>
      reject(cause ?? failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the stream before it was ready.')),
  })
  channel.write(`<?xml version='1.0'?><stream:stream to='${domain}' xmlns='${COMPONENT}' xmlns:stream='${STREAMS}'>`)
  return promise.finally(() => signal.removeEventListener('abort', abort))
}

const proofOf = (id: string, secret: string) =>
  createHash('sha1')
    .update(id + secret)
    .digest('hex')

/** A server says of a wrong secret that the stream is not authorized. */
function refusal(error: Element) {
  const cause = streamFailure(error)
  if (cause.reason !== 'not-authorized') return cause
  return failure('authentication-failed', 'xmpp-authentication-failed', 'The XMPP server refused the secret of the component.', cause)
}
