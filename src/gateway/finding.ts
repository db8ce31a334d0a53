import { Problem } from '../errors/problem.ts'
import { sessionNotFound } from '../errors/refusals.ts'
import { accountOf, jidIfValid, withoutResource } from '../jid.ts'
import type { SessionHandle, Sessions } from './contract/session.ts'
import { unreadable } from './handle.ts'
import { ID_MAX, readToken, sessionOf, tokenHash } from './ids.ts'
import type { SessionRecord } from './ports/session-record.ts'
import type { Store } from './ports/store.ts'

/** sessions whose tenant is remembered: it never changes */
const TENANTS_MAX = 50_000

/** Finds the session that a caller means, among those of its tenant. */
export function createFinding({
  store,
  handleOf,
}: {
  store: Pick<Store, 'sessions' | 'chosen'>
  handleOf: (record: SessionRecord, owner?: string) => SessionHandle
}): Pick<Sessions, 'resolve' | 'ofMessage' | 'authenticate'> {
  /** by id, of those that were asked for */
  const tenants = new Map<string, string>()

  /** The tenant's session of that id; another one's is as one that does not exist, and takes the same one question to the store. */
  async function get(tenant: string, id: string): Promise<SessionHandle | undefined> {
    if (tenants.get(id) !== tenant && !(await store.sessions.isOf(tenant, id))) return undefined
    const kept = await store.sessions.get(id)
    if (kept === null) throw unreadable()
    if (kept?.record.tenant !== tenant) return undefined
    remember(id, tenant)
    return handleOf(kept.record, kept.owner)
  }

  function remember(id: string, tenant: string): void {
    if (tenants.size >= TENANTS_MAX) tenants.clear()
    tenants.set(id, tenant)
  }

  async function byAddress(tenant: string, address: string): Promise<SessionHandle> {
    const account = withoutResource(address)
    const all = await store.sessions.find(tenant, account)
    const meant = all.length === 0 ? await anonymous(tenant, address) : address === account ? all : await byFullJid(all, address)
    if (meant.length > 1)
      throw new Problem('session-required', `${account} has ${meant.length} sessions: name one by its id or its full JID.`)
    const [only] = meant
    if (!only) throw sessionNotFound()
    return handleOf(only)
  }

  /** The sessions whose connections have this full JID, as asked for or as the server bound it. */
  async function byFullJid(records: readonly SessionRecord[], full: string): Promise<SessionRecord[]> {
    const named: SessionRecord[] = []
    for (const record of records) {
      const { connections } = await handleOf(record).status()
      if (full === `${record.jid}/${record.resource}` || connections.some(({ jid }) => jid === full)) named.push(record)
    }
    return named
  }

  /** An anonymous session is kept by its domain; it is found by the JID that the server bound, too. */
  async function anonymous(tenant: string, address: string): Promise<readonly SessionRecord[]> {
    const named: SessionRecord[] = []
    for (const record of await store.sessions.find(tenant, address.replace(/^[^@]*@|\/.*$/g, ''))) {
      const jid = (await handleOf(record).status()).connections[0]?.jid
      if (jid === address || (jid && accountOf(jid) === address)) named.push(record)
    }
    return named
  }

  return {
    async resolve(tenant, reference) {
      if (!reference.startsWith('ses_')) {
        const address = jidIfValid(reference)
        if (address === undefined) throw sessionNotFound()
        return await byAddress(tenant, address)
      }
      const session = await get(tenant, reference)
      if (!session) throw sessionNotFound()
      return session
    },

    async ofMessage(tenant, id) {
      const session = sessionOf(id)
      if (session !== undefined) return await get(tenant, session)
      if (id.length > ID_MAX) return undefined
      for (const session of await store.chosen.sessions(tenant, id)) {
        const handle = await get(tenant, session)
        if (handle && ((await handle.message(id)) ?? (await handle.keptIq(id)))) return handle
      }
      return undefined
    },

    async authenticate(token) {
      const said = readToken(token)
      if (said === undefined || !(await store.sessions.hasToken(said.session, tokenHash(token)))) return undefined
      const { session: id } = said
      const kept = await store.sessions.get(id)
      if (kept === null) throw unreadable()
      if (kept) remember(id, kept.record.tenant)
      if (kept === undefined) return undefined
      const grant = said.grant()
      return { tenant: kept.record.tenant, session: id, jid: kept.record.jid, ...(grant && { grant }) }
    },
  }
}
