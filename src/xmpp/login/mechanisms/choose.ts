import { Problem } from '../../../errors/problem.ts'
import { digestMd5 } from './digest-md5.ts'
import type { ChannelBinding, Credentials, Mechanism } from './mechanism.ts'
import { anonymous, external, plain } from './plain.ts'
import { isScram, type ScramName, scram } from './scram.ts'

export interface MechanismPolicy {
  /** the channel is TLS with a checked certificate, or a plain one that the operator allows */
  secure: boolean
  /** there is a password to log in with (default); without one only ANONYMOUS and EXTERNAL can be */
  password?: boolean
  /** the password may be shown to the server, over a secure channel and where it offers nothing better */
  allowPlain: boolean
  /** mechanisms that are only used where they were asked for: `DIGEST-MD5`, `ANONYMOUS`, `EXTERNAL`; the last two go before all others */
  optIn?: readonly string[]
  /** of the channel, the best first */
  channelBinding?: readonly ChannelBinding[]
  /** types of channel binding that the server says it has (XEP-0440): where it says nothing no guess is made, a wrong one would end the log-in */
  offeredBindings?: readonly string[]
}

export interface Choice {
  name: string
  create(credentials: Credentials): Mechanism
}

/** A mechanism bound to the channel beats one that is not; the longer hash beats the shorter. */
const scrams: readonly ScramName[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1']

/**
 * The best mechanism of those that the server offers. Throws the problem xmpp-authentication-failed, with what is offered, where the
 * policy allows none of them.
 */
export function chooseMechanism(offered: readonly string[], policy: MechanismPolicy): Choice {
  const { secure, password = true, allowPlain, optIn = [], channelBinding = [], offeredBindings = [] } = policy
  const asked = (name: string) => optIn.includes(name) && offered.includes(name)
  if (asked('EXTERNAL') && secure) return { name: 'EXTERNAL', create: external }
  if (asked('ANONYMOUS')) return { name: 'ANONYMOUS', create: anonymous }
  if (!password) throw notOffered(offered, 'and there is no password to log in with')

  const binding = channelBinding.find(({ type }) => offeredBindings.includes(type))
  const plus = binding && scrams.find((name) => offered.includes(`${name}-PLUS`))
  if (plus !== undefined) return { name: `${plus}-PLUS`, create: (credentials) => scram(plus, credentials, { binding }) }
  const bare = scrams.find((name) => offered.includes(name))
  if (bare !== undefined) {
    // a server that does offer -PLUS must not be told that it seems not to
    const supportsBinding = channelBinding.length > 0 && !offered.some((name) => name.endsWith('-PLUS') && isScram(name.slice(0, -5)))
    return { name: bare, create: (credentials) => scram(bare, credentials, { supportsBinding }) }
  }
  if (asked('DIGEST-MD5')) return { name: 'DIGEST-MD5', create: digestMd5 }
  if (allowPlain && secure && offered.includes('PLAIN')) return { name: 'PLAIN', create: plain }
  throw notOffered(
    offered,
    offered.includes('PLAIN') && secure ? 'and to show it the password was not allowed: sasl.allow can, for one session' : undefined,
  )
}

function notOffered(offered: readonly string[], why: string | undefined): Problem {
  const list =
    offered
      .filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name))
      .slice(0, 20)
      .join(', ') || 'nothing'
  const more = why === undefined ? '' : `, ${why}`
  return new Problem('xmpp-authentication-failed', `The XMPP server offers no way to log in that is safe here. It offers ${list}${more}.`)
}
