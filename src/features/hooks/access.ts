import { sessionFor, visible } from '../../api/accounts.ts'
import { Problem } from '../../errors/problem.ts'
import type { Caller } from '../../gateway/contract/operation.ts'
import type { Sessions } from '../../gateway/contract/session.ts'
import type { HookRecord, HookStore } from '../../gateway/ports/hook.ts'

export interface Access {
  store: HookStore
  sessions: Sessions
}

/** Rejects with hook-not-found, also for one of another tenant, or of a session that is none for the caller. */
export async function hookOf({ store, sessions }: Access, caller: Caller, id: string): Promise<HookRecord> {
  const record = await store.get(caller.tenant, id)
  const [seen] = record === undefined ? [] : await visible(sessions, caller, [record])
  if (seen === undefined) throw new Problem('hook-not-found', 'There is no such hook.')
  return seen
}

/** The session that is to speak. Rejects with session-required, session-not-found. */
export async function speakerOf(sessions: Sessions, caller: Caller, named = caller.session): Promise<string> {
  if (named === undefined) throw new Problem('session-required', 'Say by `session` who is to speak.')
  return (await sessionFor(sessions, caller, named)).record.id
}
