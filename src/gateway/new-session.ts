import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import { isBare, jid as normalised } from '../jid.ts'
import type { OpenSession } from './contract/session.ts'
import { sealCredentials } from './credentials.ts'
import { defaultResource, newSessionId } from './ids.ts'
import type { Clock } from './ports/clock.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord } from './ports/session-record.ts'

/** The record of a session that a caller asks for. Throws the problems jid-malformed, invalid-request. */
export function newRecord(
  { tenant, jid, resource, service, connections, presence, handles, password, sasl, notify, bookmarks, mds }: OpenSession,
  { seal, clock }: { seal: Seal; clock: Clock },
): SessionRecord {
  const id = newSessionId()
  const address = normalised(jid, 'body.jid')
  const anonymous = sasl?.allow?.includes('ANONYMOUS') === true
  if (!isBare(address) || address.includes('@') === anonymous)
    throw anonymous
      ? notAnonymous()
      : new Problem('jid-malformed', 'An account is named by its bare JID, user@domain; a resource goes into `resource`.', {
          errors: [{ path: 'body.jid', message: 'must be a bare JID, user@domain' }],
        })
  onlyPrimary(address, connections)
  const requested = resource === undefined ? null : normalised(`${address}/${resource}`, 'body.resource').slice(address.length + 1)
  return {
    id,
    tenant,
    jid: address,
    requestedResource: requested,
    resource: requested ?? defaultResource(id),
    service: service ?? null,
    connections,
    presence: presence ?? {},
    handles: handles ?? [],
    ...(notify && { notify }),
    ...(bookmarks !== undefined && { bookmarks }),
    ...(mds !== undefined && { mds }),
    ...sealCredentials(seal, { tenant, id }, { password, sasl }),
    createdAt: clock.now(),
    version: 1,
  }
}

/** Each log-in of an anonymous account is another account: there is no sending for each other. */
export function onlyPrimary(jid: string, connections: number | undefined): void {
  if (jid.includes('@') || connections === undefined || connections === 1) return
  throw invalidRequest('body.connections', 'must be 1 for an anonymous account', { detail: 'An anonymous account has one connection.' })
}

const notAnonymous = () =>
  new Problem('jid-malformed', 'An anonymous account is named by the domain alone: the server makes the rest of its JID.', {
    errors: [{ path: 'body.jid', message: 'must be a domain, where sasl.allow has ANONYMOUS' }],
  })
