/** As whom a caller speaks: an account as itself, a component as the address that its caller says. */
import { jid as scalar } from '../codec/scalars.ts'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import { domainOf, jid } from '../jid.ts'

/** of a body or a query */
export const from = scalar.schema.optional().meta({ description: 'Of a component alone: as which of its addresses' })

/** The session as who speaks; a component says as whom. Throws from-not-allowed, jid-malformed, invalid-request. */
export function speaker(session: SessionHandle, from: string | undefined, path = 'body.from'): SessionHandle {
  if (session.as !== undefined && from === undefined)
    throw invalidRequest(path, 'is required for a component', { detail: 'A component says which of its addresses it speaks as: `from`.' })
  return anySpeaker(session, from, path)
}

/** The same where a component that says nothing speaks as its domain. */
export function anySpeaker(session: SessionHandle, from: string | undefined, path = 'query.from'): SessionHandle {
  if (from === undefined) return session
  if (session.as === undefined) throw notAllowed(path, 'is for components alone', 'The sender is always the account of the session.')
  const address = jid(from, path)
  const domain = domainOf(session.record.jid)
  if (domainOf(address) === domain) return session.as(address)
  throw notAllowed(path, 'is not of the domain of the component', `The component is ${domain}; it cannot speak as ${address}.`)
}

const notAllowed = (path: string, message: string, detail: string) =>
  new Problem('from-not-allowed', detail, { errors: [{ path, message }] })
