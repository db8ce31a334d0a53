/** What a session is to show of itself, and what it shows instead where the server does not take that. */
import { isDeepStrictEqual } from 'node:util'
import type { StanzaJson } from '../../codec/translate.ts'
import type { Problem, StanzaErrorJson } from '../../errors/problem.ts'
import type { LiveSession } from '../../gateway/contract/session.ts'

/** Content of the own presence as it is wanted; false: unavailable. */
export type Wanted = StanzaJson | false

export interface Wish {
  wanted: Wanted
  /** epoch ms */
  since: number
  /** The last one that the server took, or a plain one. Absent: it took this one. */
  instead?: Wanted
  /** of a last word that is not said yet */
  status?: string
}

const KEY = 'presence'
const plain: Wanted = {}

/** As it was made unless it was changed. */
export function wishOf(session: LiveSession): Wish {
  return (session.state.get('account', KEY) as Wish | undefined) ?? { wanted: session.record.presence, since: session.record.createdAt }
}

/** The last one that the server took. */
export function goodOf(session: LiveSession): Wanted {
  const { wanted, instead } = wishOf(session)
  if (instead !== undefined) return instead
  const changed = session.state.get('account', KEY) !== undefined
  return changed || !session.repeated.isOpen(KEY) ? wanted : plain
}

/** Streams ended over it, or it cannot be written: the last one that was taken is wanted again, or a plain one, or none. */
export async function giveUp(session: LiveSession, { message, options }: Problem): Promise<void> {
  const { wanted } = wishOf(session)
  const good = goodOf(session)
  const next = isDeepStrictEqual(wanted, plain) ? false : isDeepStrictEqual(wanted, good) ? plain : good
  const error: StanzaErrorJson = options.xmpp ?? { type: 'modify', condition: 'undefined-condition', text: message }
  const data = { ...(wanted || {}), from: session.record.jid, type: 'error', error, source: 'gateway' }
  await session.commit({
    state: [{ kind: 'account', key: KEY, value: { wanted: next, since: Date.now() } satisfies Wish }],
    events: [{ type: 'presence.error', subject: session.record.jid, data, volatile: true }],
  })
}
