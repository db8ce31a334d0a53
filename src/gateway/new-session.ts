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
export const newRecord = (request: OpenSession, context: { seal: Seal; clock: Clock }): SessionRecord =>
  request.component ? ofComponent(request, context) : ofAccount(request, context)

function ofAccount(
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

/** It has one stream, and shows nothing of itself: its addresses do. */
function ofComponent(
  { tenant, jid, service, handles = [], password }: OpenSession,
  { seal, clock }: { seal: Seal; clock: Clock },
): SessionRecord {
  const id = newSessionId()
  const domain = normalised(jid, 'body.component')
  if (domain.includes('@') || !isBare(domain))
    throw new Problem('jid-malformed', 'A component is named by its domain.', {
      errors: [{ path: 'body.component', message: 'must be a domain' }],
    })
  return {
    ...{ id, tenant, jid: domain, component: true, requestedResource: null, resource: '', service: service ?? null },
    ...{ connections: 1, presence: false, handles, createdAt: clock.now(), version: 1 },
    ...sealCredentials(seal, { tenant, id }, { password }),
  }
}

/** Each log-in of an anonymous account is another account: there is no sending for each other. A component has one stream. */
export function onlyPrimary(jid: string, connections: number | undefined): void {
  if (jid.includes('@') || connections === undefined || connections === 1) return
  throw invalidRequest('body.connections', 'must be 1 here', { detail: 'An anonymous account and a component have one connection.' })
}

const notAnonymous = () =>
  new Problem('jid-malformed', 'An anonymous account is named by the domain alone: the server makes the rest of its JID.', {
    errors: [{ path: 'body.jid', message: 'must be a domain, where sasl.allow has ANONYMOUS' }],
  })
