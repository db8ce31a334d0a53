import type { Authenticate, Fast } from '@xmpp/client'
import type { FastToken } from '../../gateway/ports/connection.ts'
import { childText, type Element } from '../../xml/element.ts'
import type { Failure } from '../failure.ts'
import type { StreamFeatures } from '../stream/stream-features.ts'
import type { Library } from './library.ts'
import type { Login } from './login.ts'
import { createSasl, type LoginPolicy, SASL2 } from './sasl.ts'
import { shownFeatures } from './shown-features.ts'

/** How a log-in ends on a server whose SASL2 breaks. */
const crashes = new Set(['timeout', 'connection-lost', 'internal-error', 'internal-server-error', 'undefined-condition'])

/** SASL or SASL2, with the one mechanism that is chosen here, or a token that was kept. */
export interface Authentication {
  /** the server has accepted it */
  isDone(): boolean
  /** the success of SASL2 is being taken, with what came inside */
  isInline(): boolean
  /** shows the library what it may do with what the server offers */
  show(offer: Element, features: StreamFeatures): void
  /** what the library asks for, once it has the mechanism */
  present(authenticate: Authenticate, mechanisms: string[], fast: Fast | null): Promise<void>
  /** Checks the proof of the server; answers the JID that it gave us, if it said so. Throws xmpp-server-not-trusted. */
  succeed(success: Element): string | undefined
  /** all that came inside the success of SASL2 was taken */
  endInline(): void
  /** the log-in has failed: a server whose SASL2 breaks is met with classic SASL the next time */
  fail(cause: Failure): void
}

export function createAuthentication(
  { channel, jid, password, sasl: allowed, plain, userAgent, memory, derive }: Login,
  { library, local, domain, over }: { library: Library; local: string; domain: string; over: AbortSignal },
): Authentication {
  const { entity } = library
  let isDone = false
  /** from the offer of SASL2 to its success */
  let inSasl2 = false
  /** inside the success of SASL2 */
  let isInline = false
  /** a kept token is in use */
  let tried = false
  const sasl = createSasl({
    channel,
    jid,
    domain,
    policy: loginPolicy({ password, sasl: allowed, plain, memory }),
    derive: derive(over),
    factory: entity.saslFactory,
    tokenFactory: entity.fast.saslFactory,
  })
  entity.fast.saveToken = async (token) => keep(token)
  // the library also forgets a token that there never was
  entity.fast.deleteToken = async () => (tried ? keep(null) : undefined)

  /** A token that cannot be kept is only a log-in by password more. */
  async function keep(token: FastToken | null): Promise<void> {
    await userAgent?.keep(token).catch(() => undefined)
  }

  return {
    isDone: () => isDone,
    isInline: () => isInline,
    show(offer, features) {
      const sasl2 = !isDone && !memory.sasl2Broken && features.names.includes(SASL2)
      if (sasl2) inSasl2 = true
      library.show(shownFeatures(offer, { authenticated: isDone, sasl2, tokens: userAgent !== undefined, sasl }))
    },
    async present(authenticate, [mechanism], fast) {
      const token = fast === null || userAgent === undefined ? null : await userAgent.token()
      tried = token !== null
      await authenticate({ username: local, password, ...(token === null ? {} : { token }) }, mechanism as string, library.userAgent)
    },
    succeed(success) {
      sasl.finish(success)
      memory.hidden ||= sasl.hidden
      isDone = true
      inSasl2 = false
      isInline = success.xmlns === SASL2
      return childText(success, 'authorization-identifier')
    },
    endInline() {
      isInline = false
    },
    fail({ reason }) {
      if (inSasl2 && crashes.has(reason)) memory.sasl2Broken = true
    },
  }
}

/** What was allowed for this account, or by the operator for all. A password that a server could do without seeing is only shown where that was allowed. */
function loginPolicy({ password, sasl, plain, memory }: Pick<Login, 'password' | 'sasl' | 'plain' | 'memory'>): LoginPolicy {
  const { allow = [], certificate } = sasl
  return {
    password: password !== '',
    allowPlain: allow.includes('PLAIN') || (plain === 'last-resort' && !memory.hidden),
    optIn: certificate === undefined ? allow : ['EXTERNAL', ...allow],
  }
}
