/** Who made, changed or ended sessions, keys, webhooks and hooks, and who was refused something. */
import { Problem } from '../errors/problem.ts'
import { createTokenBucket, type TokenBucket } from '../fair/token-bucket.ts'
import type { Answer, Caller, Operation } from '../gateway/contract/operation.ts'
import type { AuditEntry } from '../gateway/ports/audit.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Log } from '../gateway/ports/log.ts'
import type { Store } from '../gateway/ports/store.ts'
import type { Input } from './checked-call.ts'

/** Refusals of one tenant that are written down: at once, and per second. More would push out what was done. */
const REFUSALS = 2_000
const REFUSALS_PER_SECOND = 0.2
/** tenants whose refusals are counted at one time */
const TENANTS_MAX = 10_000

/** what is written down when it was done */
const audited: readonly Operation['scope'][] = ['sessions:write', 'keys:write', 'webhooks:write']

export interface Audit {
  done(operation: Operation, input: Input, answer: Answer, about: About | undefined): Promise<void>
  refused(operation: Operation, input: Input, thrown: unknown, about: About | undefined): Promise<void>
}

/** the session that it is about */
interface About {
  id: string
  jid: string
}

export function createAudit({
  store,
  clock,
  log,
  instance,
}: {
  store: Pick<Store, 'audit'>
  clock: Clock
  log: Log
  instance: string
}): Audit {
  const refusals = new Map<string, TokenBucket>()

  function mayTell(tenant: string): boolean {
    if (!refusals.has(tenant) && refusals.size >= TENANTS_MAX) refusals.clear()
    const bucket = refusals.get(tenant) ?? createTokenBucket({ rate: REFUSALS_PER_SECOND, burst: REFUSALS, monotonic: clock.monotonic })
    refusals.set(tenant, bucket)
    return bucket.take()
  }

  async function write(entry: Omit<AuditEntry, 'at' | 'by' | 'instance'>, caller: Caller): Promise<void> {
    const { tenant } = caller
    const by = byOf(caller)
    const { action, outcome, code, target, requestId } = entry
    log.info({ event: 'audit', requestId, tenant, action, outcome, code, target, by }, 'Audit')
    try {
      await store.audit.append(tenant, { at: clock.now(), ...entry, by, instance })
    } catch (err) {
      // what was done is done; the log has it
      log.warn({ event: 'audit', requestId, tenant, action, err }, 'An entry of the audit could not be written')
    }
  }

  return {
    async done(operation, input, answer, about) {
      if (!audited.includes(operation.scope)) return
      const { jid } = Object(answer.body) as { jid?: unknown }
      const target = targetOf(input, answer) ?? about?.id
      const account = about?.jid ?? (typeof jid === 'string' ? jid : undefined)
      await write(
        {
          ...{ action: operation.id, outcome: 'done', requestId: input.requestId },
          ...(target !== undefined && { target }),
          ...(account !== undefined && { jid: account }),
        },
        input.caller,
      )
    },
    async refused(operation, input, thrown, about) {
      if (!(thrown instanceof Problem) || !isRefusal(thrown, operation) || !mayTell(input.caller.tenant)) return
      const target = targetOf(input) ?? about?.id
      await write(
        {
          ...{ action: operation.id, outcome: 'refused', code: thrown.code, requestId: input.requestId },
          ...(target !== undefined && { target }),
          ...(about && { jid: about.jid }),
        },
        input.caller,
      )
    },
  }
}

function isRefusal({ status, code, options }: Problem, { scope }: Operation): boolean {
  if (audited.includes(scope) && code === 'xmpp-authentication-failed') return true
  // what the other side of an iq says is no refusal of ours
  return status === 403 && options.xmpp === undefined
}

const byOf = ({ key, session, name }: Caller): AuditEntry['by'] => ({
  ...(key !== undefined && { key }),
  ...(session !== undefined && { session }),
  ...(name !== undefined && { name }),
})

/** Id of what was made, or of what the path names. */
function targetOf({ params }: Pick<Input, 'params'>, { headers }: Partial<Answer> = {}): string | undefined {
  const { location } = headers ?? {}
  const { id } = params
  return location?.split('/').at(-1) ?? (typeof id === 'string' ? id.slice(0, TARGET_MAX) : undefined)
}

/** characters of an id that a caller made up */
const TARGET_MAX = 100
