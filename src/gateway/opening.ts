import { setTimeout as delay } from 'node:timers/promises'
import { withDeadline } from '../deadline.ts'
import { Problem } from '../errors/problem.ts'
import type { Owned } from './cluster/bring-up.ts'
import type { Router } from './cluster/router.ts'
import type { OpenSession, SessionHandle, Sessions } from './contract/session.ts'
import { type Credentials, sameCredentials, sealCredentials } from './credentials.ts'
import { newToken, tokenHash } from './ids.ts'
import { newRecord } from './new-session.ts'
import type { Clock } from './ports/clock.ts'
import type { Connector } from './ports/connection.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord, SessionState, SessionStatus } from './ports/session-record.ts'
import type { Store } from './ports/store.ts'
import { ended } from './session/status.ts'
import { afterTrying, verify } from './verification.ts'

/** ms between looks at a log-in that is under way */
const LOOK_AGAIN = 50
/** ms in which what is left of a failed one goes */
const ENDING = 500
/** ms that trying other credentials may take at least */
const VERIFY_MIN = 1_000

type Opened = Awaited<ReturnType<Sessions['open']>>

/** Makes sessions, or joins those that are there. */
export function createOpening({
  store,
  router,
  connector,
  seal,
  clock,
  instance,
  handleOf,
  change,
  end,
}: {
  store: Store
  router: Router
  connector: Connector
  seal: Seal
  clock: Clock
  instance: string
  handleOf: (record: SessionRecord) => SessionHandle
  change: (id: string, patch: Partial<SessionRecord>) => Promise<SessionRecord>
  end: (id: string, options: { status?: string }) => Promise<void>
}): Pick<Sessions, 'open'> {
  /** sessions whose first log-in is under way, by id */
  const opening = new Map<string, Promise<void>>()

  async function token(id: string, { grant }: OpenSession): Promise<string> {
    const fresh = newToken(id, grant)
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
    if (background) return { handle, token: await token(record.id, request), outcome: 'pending' as const }
    const login = firstLogin(owned, wait).finally(() => opening.delete(record.id))
    opening.set(record.id, login)
    await login
    return { handle, token: await token(record.id, request), outcome: 'created' as const }
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

  /** The session is there: the kept credentials open it, other ones are tried on a connection of their own first. */
  async function rejoin(record: SessionRecord, request: OpenSession, wait: number) {
    const given: Credentials = { password: request.password, sasl: request.sasl }
    const same = sameCredentials(seal, record, given)
    if (!same) await verify(record, given, { connector, ms: Math.max(wait, VERIFY_MIN) })
    const current = same ? record : await change(record.id, sealCredentials(seal, record, given))
    if (!same) await afterTrying(handleOf(current))
    // with other credentials than those that are kept it may be taken up now, and fail
    const going: SessionState[] = same ? ['connecting'] : ['connecting', 'resuming']
    const status = await settled(handleOf(current), wait, going)
    if (ended.includes(status.state)) {
      await router.restart(record.id)
      const owned = router.get(record.id)
      if (owned) await online(owned.live, wait)
      else refuseUnlessOnline(await settled(handleOf(current), wait, going, status), { wait, old: status })
    }
    return { handle: handleOf(current), token: await token(record.id, request), outcome: 'existing' as const }
  }

  /** The first log-in may be under way, here or on another instance: it comes to something, or nothing is left of the session. */
  async function settled(
    handle: SessionHandle,
    wait: number,
    going: readonly SessionState[],
    /** it was started anew in this status: that is told a moment later */
    old?: SessionStatus,
  ): Promise<SessionStatus> {
    const deadline = clock.monotonic() + wait
    for (;;) {
      const status = await handle.status()
      const left = deadline - clock.monotonic()
      const ending = ended.includes(status.state) && clock.now() - status.since < ENDING
      if ((!going.includes(status.state) && !ending && !isSame(status, old)) || left <= 0) return status
      await delay(Math.min(LOOK_AGAIN, left))
    }
  }

  return { open }
}

const late = (wait: number) => new Problem('xmpp-timeout', `The account was not online within ${wait / 1000} s.`)

const isSame = (one: SessionStatus, other?: SessionStatus) => one.state === other?.state && one.since === other.since

/** What `online` says, of a session that is elsewhere. */
function refuseUnlessOnline(status: SessionStatus, { wait, old }: { wait: number; old: SessionStatus }): void {
  const { state, reason } = status
  if (state === 'online') return
  if (state === 'connecting' || isSame(status, old)) throw late(wait)
  const code = state === 'auth-failed' ? 'xmpp-authentication-failed' : 'xmpp-unreachable'
  throw new Problem(code, `The account did not come online: ${reason ?? state}.`)
}

async function online(live: Owned['live'], wait: number): Promise<void> {
  const { state, error } = await withDeadline(
    wait,
    () => late(wait),
    (signal) => live.reached(['online', 'backoff', ...ended], signal),
  )
  if (state !== 'online') throw error ?? new Problem('xmpp-unreachable', 'The XMPP server closed the connection.')
}

/** For one that was ended meanwhile: undefined. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'session-not-found') throw error
}
