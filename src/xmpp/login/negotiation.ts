import type { Credentials } from '@xmpp/client'
import { CLIENT, type Element } from '../../xml/element.ts'
import { STREAMS, XmlError } from '../../xml/parse.ts'
import { type Failure, failure, streamFailure, toFailure } from '../failure.ts'
import { readFeatures } from '../stream/stream-features.ts'
import { createAuthentication } from './authentication.ts'
import { createBinding } from './binding.ts'
import { createLibrary, isConflict, libraryFailure } from './library.ts'
import type { Login, Negotiated } from './login.ts'
import { SASL, SASL2 } from './sasl.ts'

/**
 * From a secure channel to a bound or resumed stream: @xmpp/client does SASL, SASL2, bind and bind2 here and is let go after.
 * It sees elements that our parser made, of a negotiation only: no stanza but the answer to its bind, no stream error, no
 * stream management (that is ours). On success the reader is held, for the next owner to release.
 * Rejects with a Failure.
 */
export function negotiate(login: Login): Promise<Negotiated> {
  const { channel, reader, jid, resource, userAgent, bounds, signal } = login
  const { promise, resolve, reject } = Promise.withResolvers<Negotiated>()
  const at = jid.indexOf('@')
  const [local, domain] = [jid.slice(0, Math.max(at, 0)), jid.slice(at + 1)]
  const early: Element[] = []
  /** the features of this phase have come: each phase has them once */
  let offered = false
  let settled = false
  /** ends what is still computed for it */
  const over = new AbortController()

  const library = createLibrary({
    channel,
    reader,
    jid,
    domain,
    resource,
    userAgentId: userAgent?.id,
    timeout: bounds.attempt,
    credentials,
  })
  const { entity } = library
  entity.on('error', onError)
  entity.on('online', onOnline)
  const authentication = createAuthentication(login, { library, local, domain, over: over.signal })
  const binding = createBinding(login, { library, local, domain, finish, fail })

  function settle(): boolean {
    if (settled) return false
    settled = true
    over.abort()
    signal.removeEventListener('abort', onAbort)
    return true
  }
  function fail(cause: Failure): void {
    if (!settle()) return
    authentication.fail(cause)
    reject(cause)
    library.dismiss(cause)
  }
  function finish(negotiated: Omit<Negotiated, 'early'>): void {
    if (!settle()) return
    reader.hold()
    entity.removeListener('online', onOnline)
    resolve({ ...negotiated, early })
  }
  const onAbort = () => fail(toFailure(signal.reason))

  function onError(thrown: unknown): void {
    if (!isConflict(thrown) || !binding.bindAnother()) fail(libraryFailure(thrown))
  }
  function onOnline(): void {
    if (!authentication.isInline()) binding.onBound()
  }
  async function credentials(...given: Parameters<Credentials>): Promise<void> {
    const [authenticate, mechanisms, fast] = given
    await authentication.present(authenticate, mechanisms, fast)
    if (!authentication.isInline()) return
    authentication.endInline()
    binding.afterInline()
  }

  function onFeatures(offer: Element): void {
    if (offered) throw outOfTurn()
    offered = true
    const features = readFeatures(offer)
    const show = () => authentication.show(offer, features)
    if (authentication.isDone()) binding.offer(features, show)
    else show()
  }
  function onSuccess(success: Element): void {
    binding.name(authentication.succeed(success))
    offered = false
    // nothing may follow before the stream starts anew, or before the library has taken what is inside (SASL2)
    reader.hold()
    library.show(success)
  }
  function onAnswer(answer: Element): void {
    if (answer.attributes.type === 'result') binding.checkAnswer(answer)
    // the library takes the answer in later microtasks; what follows in the same chunk must wait for it
    reader.hold()
    library.show(answer)
  }
  function onElement(element: Element): void {
    const { name, xmlns } = element
    if (xmlns === STREAMS && name === 'error') throw streamFailure(element)
    if (binding.takes(element)) return
    if (xmlns === STREAMS && name === 'features') onFeatures(element)
    else if ((xmlns === SASL || xmlns === SASL2) && name === 'success') onSuccess(element)
    else if (xmlns === SASL || xmlns === SASL2) library.show(element)
    else if (xmlns === CLIENT && library.awaits(element)) onAnswer(element)
    else if (binding.isBound() && xmlns === CLIENT && early.length < bounds.queued) early.push(element)
    else throw outOfTurn()
  }

  reader.handle({
    most: bounds.negotiation,
    open: library.showOpen,
    element: onElement,
    ended: (cause) => {
      fail(cause ?? failure('connection-lost', 'xmpp-unreachable', 'The XMPP server closed the stream before it was ready.'))
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

function outOfTurn(): XmlError {
  return new XmlError('bad-format', 'It does not belong into a negotiation, or not here.')
}
