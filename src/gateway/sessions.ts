import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../errors/problem.ts'
import { accountOf, bare, jid as normalised } from '../jid.ts'
import type { Owned } from './cluster/bring-up.ts'
import type { Router } from './cluster/router.ts'
import type { OpenSession, SessionHandle, Sessions } from './contract/session.ts'
import { type Credentials, changedCredentials, sameCredentials, sealCredentials } from './credentials.ts'
import { createHandle, gone, present, unreadable } from './handle.ts'
import { ID_MAX, newToken, sessionOf, sessionOfToken, tokenHash } from './ids.ts'
import { newRecord, onlyPrimary } from './new-session.ts'
import type { Clock } from './ports/clock.ts'
import type { Connector } from './ports/connection.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord, SessionState, SessionStatus } from './ports/session-record.ts'
import type { Store } from './ports/store.ts'
import { ended } from './session/status.ts'
import { sessionView } from './session/view.ts'

/** ms that trying a changed password may take */
const VERIFY_WITHIN = 20_000
/** ms between looks at a log-in that is under way */
const LOOK_AGAIN = 50
/** ms in which what is left of a failed one goes */
const ENDING = 500
/** sessions whose tenant is remembered: it never changes */
const TENANTS_MAX = 50_000

type Opened = Awaited<ReturnType<Sessions['open']>>

/** The sessions as the outside sees them. */
export function createSessions({
  store,
  router,
  connector,
  seal,
  clock,
  instance,
}: {
  store: Store
  router: Router
  connector: Connector
  seal: Seal
  clock: Clock
  instance: string
}): Sessions {
  /** sessions whose first log-in is under way, by id */
  const opening = new Map<string, Promise<void>>()
  /** by id, of those that were asked for */
  const tenants = new Map<string, string>()
  /** those that are being ended, by id */
  const closing = new Map<string, Promise<void>>()

  const handleOf = (record: SessionRecord, owner?: string): SessionHandle => createHandle({ record, owner, store, router, clock })

  async function token(id: string): Promise<string> {
    const fresh = newToken(id)
    await store.sessions.addToken(id, tokenHash(fresh))
    return fresh
  }

  async function open(request: OpenSession, { wait, background }: { wait: number; background: boolean }): Promise<Opened> {
    const wanted = newRecord(request, { seal, clock })
    const first: SessionStatus = { state: 'connecting', since: clock.now(), reason: null, lastVerifiedAt: null, instance, connections: [] }
    const { record, created, owned } = await router.make(wanted, first)
    if (!created) {
      const first = opening.get(record.id)
      const lost =
        first &&
        (await first.then(
          () => undefined,
          (error) => ({ error }),
        ))
      // what went wrong for another password says nothing about this one
      if (lost && sameCredentials(seal, record, request)) throw lost.error
      const joined = lost ? undefined : await rejoin(record, request, wait).catch(unlessGone)
      return joined ?? (await open(request, { wait, background }))
    }
    if (!owned) throw new Problem('session-offline', 'The session could not be taken up.', { retryAfter: 1 })
    const handle = handleOf(record)
    if (background) return { handle, token: await token(record.id), outcome: 'pending' as const }
    const login = firstLogin(owned, wait).finally(() => opening.delete(record.id))
    opening.set(record.id, login)
    await login
    return { handle, token: await token(record.id), outcome: 'created' as const }
  }

  /** Online, or the first definite failure, or the end of the wait; after a failure nothing is left. */
  async function firstLogin({ live, record }: Owned, wait: number): Promise<void> {
    try {
      await online(live, wait)
    } catch (error) {
      await end(record.id, {})
      throw error
    }
  }

  async function online(live: Owned['live'], wait: number): Promise<void> {
    const late = new Problem('xmpp-timeout', `The account was not online within ${wait / 1000} s.`)
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(late), wait)
    try {
      const { state, error } = await live.reached(['online', 'backoff', ...ended], limit.signal)
      if (state !== 'online') throw error ?? new Problem('xmpp-unreachable', 'The XMPP server closed the connection.')
    } finally {
      clearTimeout(timer)
    }
  }

  /** The session is there: the kept credentials open it, other ones are tried on a connection of their own first. */
  async function rejoin(record: SessionRecord, { password, sasl }: Credentials, wait: number) {
    const given = { password, sasl }
    const same = sameCredentials(seal, record, given)
    if (!same) await verify(record, given, Math.max(wait, 1_000))
    const current = same ? record : await change(record.id, sealCredentials(seal, record, given))
    // with other credentials than those that are kept it may be taken up now, and fail
    const going: SessionState[] = same ? ['connecting'] : ['connecting', 'resuming']
    const status = await settled(handleOf(current), wait, going)
    if (ended.includes(status.state)) {
      await router.restart(record.id)
      const owned = router.get(record.id)
      if (owned) await online(owned.live, wait)
      else await settled(handleOf(current), wait, going)
    }
    return { handle: handleOf(current), token: await token(record.id), outcome: 'existing' as const }
  }

  /** The first log-in may be under way, here or on another instance: it comes to something, or nothing is left of the session. */
  async function settled(handle: SessionHandle, wait: number, going: readonly SessionState[]): Promise<SessionStatus> {
    const deadline = clock.monotonic() + wait
    for (;;) {
      const status = await handle.status()
      const left = deadline - clock.monotonic()
      const ending = ended.includes(status.state) && clock.now() - status.since < ENDING
      if ((!going.includes(status.state) && !ending) || left <= 0) return status
      await delay(Math.min(LOOK_AGAIN, left))
    }
  }

  async function verify(
    { tenant, jid, service, resource }: SessionRecord,
    { password = '', sasl = {} }: Credentials,
    within: number,
  ): Promise<void> {
    const late = new Problem('xmpp-timeout', `The credentials could not be tried within ${within / 1000} s.`)
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late), within)
    })
    try {
      await Promise.race([
        connector.verify({
          tenant,
          jid,
          password: async () => password,
          sasl: async () => sasl,
          resource: `${resource}-check`,
          service,
          resume: null,
        }),
        limit,
      ])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Changes the record, whoever else changes it meanwhile. */
  async function change(id: string, patch: Partial<SessionRecord>): Promise<SessionRecord> {
    for (;;) {
      const { record } = present(await store.sessions.get(id))
      const changed = await store.sessions.update(id, record.version, patch)
      if (!changed) continue
      await router.changed(changed)
      return changed
    }
  }

  async function end(id: string, options: { status?: string }): Promise<void> {
    await router.end(id, options)
    await store.sessions.remove(id)
  }

  /** The tenant's session of that id; another one's is as one that does not exist, and takes the same one question to the store. */
  async function get(tenant: string, id: string): Promise<SessionHandle | undefined> {
    if (tenants.get(id) !== tenant && !(await store.sessions.isOf(tenant, id))) return undefined
    const kept = await store.sessions.get(id)
    if (kept === null) throw unreadable()
    if (kept?.record.tenant !== tenant) return undefined
    know(id, tenant)
    return handleOf(kept.record, kept.owner)
  }

  function know(id: string, tenant: string): void {
    if (tenants.size >= TENANTS_MAX) tenants.clear()
    tenants.set(id, tenant)
  }

  async function resolve(tenant: string, reference: string): Promise<SessionHandle> {
    if (reference.startsWith('ses_')) {
      const session = await get(tenant, reference)
      if (!session) throw gone()
      return session
    }
    let address: string
    try {
      address = normalised(reference)
    } catch {
      throw gone()
    }
    const account = bare(address)
    const all = await store.sessions.find(tenant, account)
    const meant = all.length === 0 ? await anonymous(tenant, address) : address === account ? all : await bySource(all, address)
    if (meant.length > 1)
      throw new Problem('session-required', `${account} has ${meant.length} sessions: name one by its id or its full JID.`)
    const [only] = meant
    if (!only) throw gone()
    return handleOf(only)
  }

  /** The sessions whose connections have this full JID, as asked for or as the server bound it. */
  async function bySource(records: readonly SessionRecord[], full: string): Promise<SessionRecord[]> {
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
    open,
    resolve,

    async list(tenant, page) {
      return (await store.sessions.list(tenant, page)).map(({ record }) => handleOf(record))
    },

    async update(handle, { password, sasl, ...patch }) {
      const { record } = handle
      onlyPrimary(record.jid, patch.connections)
      const given = password !== undefined || sasl !== undefined
      const wanted = given ? changedCredentials(seal, record, { password, sasl }) : undefined
      const differ = wanted !== undefined && !sameCredentials(seal, record, wanted)
      if (differ) await verify(record, wanted, VERIFY_WITHIN)
      const changed = await change(record.id, { ...patch, ...(differ ? sealCredentials(seal, record, wanted) : {}) })
      const { state } = await handle.status()
      if (given && ended.includes(state)) await router.restart(record.id)
      return handleOf(changed)
    },

    async close({ record: { id } }, options) {
      // nothing is ended whose end cannot be stored
      await store.ping()
      const under = closing.get(id) ?? end(id, options).finally(() => closing.delete(id))
      closing.set(id, under)
      await under
    },

    async authenticate(given) {
      const id = sessionOfToken(given)
      if (id === undefined || !(await store.sessions.hasToken(id, tokenHash(given)))) return undefined
      const kept = await store.sessions.get(id)
      if (kept === null) throw unreadable()
      if (kept) know(id, kept.record.tenant)
      return kept && { tenant: kept.record.tenant, session: id }
    },

    async view(handle) {
      const [status, outbox] = await Promise.all([handle.status(), store.outbox.size(handle.record.id)])
      return sessionView(handle.record, status, outbox)
    },

    async ofMessage(tenant, id) {
      const told = sessionOf(id)
      if (told !== undefined) return await get(tenant, told)
      if (id.length > ID_MAX) return undefined
      for (const session of await store.chosen.sessions(tenant, id)) {
        const handle = await get(tenant, session)
        if (handle && ((await handle.message(id)) ?? (await handle.keptIq(id)))) return handle
      }
      return undefined
    },
  }
}

/** For one that was ended meanwhile: undefined. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'session-not-found') throw error
}
