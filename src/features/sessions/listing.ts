import { hasAccount } from '../../api/accounts.ts'
import { viewsOf } from '../../api/session-views.ts'
import type { Caller } from '../../gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../../gateway/contract/session.ts'
import type { SessionJson } from '../../gateway/contract/session-json.ts'
import { fitting } from './fitting.ts'

/** sessions that are read at one time, and that are looked at for one page at most: where few fit it ends early */
const STEP = 200
const LOOKED_AT = 5_000

export interface Wanted {
  limit: number
  after?: string
  state?: string
  /** how the bare JID begins */
  jid?: string
  /** who asks: there are more sessions than theirs, maybe */
  caller?: Pick<Caller, 'sessions'>
}

/** One page of the sessions of a tenant that are wanted, oldest first. `next` is the last one that was looked at or told. */
export async function listSessions(
  sessions: Pick<Sessions, 'list' | 'view'>,
  tenant: string,
  wanted: Wanted,
): Promise<{ data: SessionJson[]; next: string | undefined; complete: boolean }> {
  const { limit, state } = wanted
  const isFiltered = state !== undefined || wanted.jid !== undefined || wanted.caller?.sessions !== undefined
  const step = isFiltered ? STEP : limit + 1
  const found: SessionJson[] = []
  let last = wanted.after
  let isEnd = false
  for (let looked = 0; !isEnd && found.length <= limit && looked < LOOKED_AT; ) {
    const handles = await sessions.list(tenant, { limit: step, ...(last !== undefined && { after: last }) })
    looked += handles.length
    isEnd = handles.length < step
    last = handles.at(-1)?.record.id ?? last
    const views = await viewsOf(sessions, handles.filter(mayBe(wanted)))
    found.push(...views.filter(isWanted(wanted)))
    if (!isFiltered) break
  }
  const data = fitting(found.slice(0, limit))
  const isWhole = data.length === found.length
  return { data, next: isWhole ? last : data.at(-1)?.id, complete: isWhole && isEnd }
}

/** By what is known without a question: the address of an anonymous account is its server's. */
const mayBe =
  ({ jid, caller = {} }: Wanted) =>
  (handle: SessionHandle) =>
    hasAccount(caller, handle.record.jid) &&
    (jid === undefined || !handle.record.jid.includes('@') || handle.record.jid.startsWith(folded(jid)))

const isWanted = ({ state, jid }: Wanted) => {
  return (view: SessionJson) =>
    (state === undefined || view.state === state) && (jid === undefined || view.jid.toLowerCase().startsWith(folded(jid)))
}

/** The beginning of a JID is none; the accounts and domains of those that are kept are in lower case (RFC 7622). */
const folded = (beginning: string) => beginning.toLowerCase()
