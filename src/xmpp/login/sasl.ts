import type { SaslFactory } from '@xmpp/client'
import { child, childText, type Element, elements, text } from '../../xml/element.ts'
import type { Channel } from '../stream/channel.ts'
import { channelBindings } from './mechanisms/channel-binding.ts'
import { chooseMechanism } from './mechanisms/choose.ts'
import type { Derive } from './mechanisms/derivation.ts'
import { hashedToken, tokenMechanisms } from './mechanisms/hashed-token.ts'
import { type ChannelBinding, type Credentials, type Mechanism, untrusted } from './mechanisms/mechanism.ts'

export const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
export const SASL2 = 'urn:xmpp:sasl:2'
export const FAST = 'urn:xmpp:fast:0'
const CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0'
/** SCRAM and DIGEST-MD5 are asked for their proof and may be shown the server's; no mechanism is asked more often */
const MAX_CHALLENGES = 2

/** Over TLS and after everything better: for every account, or for those that allow it. */
export type PlainPolicy = 'last-resort' | 'opt-in'

/** How a connection may log in. */
export interface LoginPolicy {
  /** there is a password to log in with */
  password: boolean
  /** PLAIN over TLS, where the server offers nothing better */
  allowPlain: boolean
  /** mechanisms that are only used where they were asked for: DIGEST-MD5, ANONYMOUS, EXTERNAL */
  optIn: readonly string[]
}

/** The mechanisms of one log-in, in the library's factories; the library is only ever offered what was chosen here. */
export interface Sasl {
  /**
   * Chooses among the mechanisms of `<mechanisms/>` or `<authentication/>` and answers that element with the chosen one alone.
   * Throws the problem xmpp-authentication-failed where none is safe enough.
   */
  choose(offer: Element, features: Element): Element
  /** the same for the tokens of `<fast/>` */
  chooseToken(fast: Element): Element
  /** Checks the proof inside `<success/>` (RFC 5802 section 3: without it anybody could have said so). Throws xmpp-server-not-trusted. */
  finish(success: Element): void
  /** the chosen mechanism never shows the password to the server */
  readonly hidden: boolean
}

export function createSasl({
  channel,
  jid,
  domain,
  policy,
  derive,
  factory,
  tokenFactory,
}: {
  channel: Channel
  /** bare */
  jid: string
  domain: string
  policy: LoginPolicy
  derive: Derive
  factory: SaslFactory
  tokenFactory: SaslFactory
}): Sasl {
  const bindings = channelBindings(channel.tls)
  let running: Mechanism | undefined
  let chosen = ''
  factory._mechs.length = 0
  tokenFactory._mechs.length = 0

  /** The library's idea of a mechanism: strings of bytes, made anew for each exchange. */
  function offer(place: SaslFactory, name: string, create: (credentials: Credentials) => Mechanism | undefined): void {
    place.use(name, function LibraryMechanism() {
      let mechanism: Mechanism | undefined
      let next: Buffer | undefined
      let challenges = 0
      let answering = false
      return {
        name,
        // a mechanism in which the server speaks first begins with an empty <auth/> too
        clientFirst: true,
        response: async ({ username, password }: { username: string; password: string }) => {
          if (mechanism === undefined) {
            mechanism = create({ username, password, domain, derive, ...(name === 'EXTERNAL' ? { authorization: jid } : {}) })
            running = mechanism
            next = await mechanism?.start()
          }
          return (next ?? Buffer.alloc(0)).toString('latin1')
        },
        challenge: async (data: string) => {
          challenges += 1
          if (answering || challenges > MAX_CHALLENGES) throw untrusted('The XMPP server sent more challenges than the log-in has.')
          answering = true
          next = await mechanism?.respond(Buffer.from(data, 'latin1'))
          answering = false
        },
        // `finish` has checked the proof before the library sees the success
        final: () => undefined,
      }
    })
  }

  return {
    get hidden() {
      return chosen.startsWith('SCRAM-')
    },
    choose: (offered, features) => {
      const { name, create } = chooseMechanism(namesIn(offered), {
        secure: channel.secure,
        ...policy,
        channelBinding: bindings,
        offeredBindings: bindingsIn(features, offered),
      })
      chosen = name
      offer(factory, name, create)
      return only(offered, name)
    },
    chooseToken: (fast) => {
      const have: ChannelBinding[] = channel.secure ? bindings : []
      const name = channel.secure ? tokenMechanisms(have).find((each) => namesIn(fast).includes(each)) : undefined
      if (name !== undefined) offer(tokenFactory, name, (credentials) => hashedToken(name, credentials, have))
      return only(fast, name)
    },
    finish: (success) => {
      const data = success.xmlns === SASL ? text(success) : childText(success, 'additional-data', SASL2)
      running?.finish(data === undefined || data === '' ? undefined : Buffer.from(data, 'base64'))
    },
  }
}

function namesIn(offer: Element): string[] {
  return elements(offer)
    .filter(({ name }) => name === 'mechanism')
    .map(text)
}

function only(offer: Element, name: string | undefined): Element {
  return { ...offer, children: elements(offer).filter((each) => each.name !== 'mechanism' || text(each) === name) }
}

/** XEP-0440, among the features or inside those of SASL2 */
function bindingsIn(...places: Element[]): string[] {
  return places
    .flatMap((place) => [child(place, 'sasl-channel-binding', CHANNEL_BINDING)])
    .flatMap((list) => (list === undefined ? [] : elements(list)))
    .map(({ attributes }) => attributes.type ?? '')
}
