import { createBeforeLogIn } from './before-log-in.ts'
import type { Router } from './cluster/router.ts'
import type { SessionHandle, Sessions } from './contract/session.ts'
import { changedCredentials, sameCredentials, sealCredentials } from './credentials.ts'
import { createFinding } from './finding.ts'
import { createHandle, present } from './handle.ts'
import { onlyPrimary } from './new-session.ts'
import { createOpening } from './opening.ts'
import type { Clock } from './ports/clock.ts'
import type { Connector } from './ports/connection.ts'
import type { Seal } from './ports/seal.ts'
import type { SessionRecord } from './ports/session-record.ts'
import type { Store } from './ports/store.ts'
import type { Tracing } from './ports/tracing.ts'
import { ended } from './session/status.ts'
import { sessionView } from './session/view.ts'
import { afterTrying, verify } from './verification.ts'

/** ms that trying changed credentials may take */
const VERIFY_WITHIN = 20_000

/** The sessions as the outside sees them. */
export function createSessions(context: {
  store: Store
  router: Router
  connector: Connector
  seal: Seal
  clock: Clock
  tracing: Tracing
  instance: string
}): Sessions {
  const { store, router, connector, seal, clock, tracing } = context
  /** those that are being ended, by id */
  const closing = new Map<string, Promise<void>>()

  const handleOf = (record: SessionRecord, owner?: string): SessionHandle =>
    createHandle({ record, owner, store, router, seal, clock, tracing })

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

  return {
    ...createOpening({ ...context, handleOf, change, end }),
    ...createFinding({ store, handleOf }),
    beforeLogIn: createBeforeLogIn(connector),

    async list(tenant, page) {
      return (await store.sessions.list(tenant, page)).map(({ record }) => handleOf(record))
    },

    async update(handle, { password, sasl, ...patch }, { proven } = { proven: false }) {
      const { record } = handle
      onlyPrimary(record.jid, patch.connections)
      const given = password !== undefined || sasl !== undefined
      const wanted = given ? changedCredentials(seal, record, { password, sasl }) : undefined
      const differ = wanted !== undefined && !sameCredentials(seal, record, wanted)
      if (differ && !proven) await verify(record, wanted, { connector, ms: VERIFY_WITHIN })
      const changed = await change(record.id, { ...patch, ...(differ ? sealCredentials(seal, record, wanted) : {}) })
      if (differ) await afterTrying(handle)
      const { state } = await handle.status()
      if (given && ended.includes(state)) await router.restart(record.id)
      return handleOf(changed)
    },

    async close({ record: { id } }, options) {
      // nothing is ended whose end cannot be stored
      await store.ping()
      const done = closing.get(id) ?? end(id, options).finally(() => closing.delete(id))
      closing.set(id, done)
      await done
    },

    async view(handle) {
      const [status, outbox] = await Promise.all([handle.status(), store.outbox.size(handle.record.id)])
      return sessionView(handle.record, status, outbox)
    },
  }
}
