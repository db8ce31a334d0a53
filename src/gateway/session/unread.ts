import type { Problem, StanzaErrorJson } from '../../errors/problem.ts'
import type { LiveSession } from '../contract/session.ts'
import { gapEvent } from '../inbound/gap.ts'
import type { Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'

/** Where what is unread is kept: kind and key of the state. */
const KIND = 'account'
const KEY = 'unread'

/** characters of what the server says about it */
const DETAIL = 1_000

/** Why a step of the bind did not bring what it is for: the answer was no, or none, or could not be read. */
export interface Unread {
  code: string
  detail: string
  xmpp?: StanzaErrorJson
}

/** by the name of the step */
export type AllUnread = Readonly<Record<string, Unread>>

/** `account`: all that is kept of the kind `account` */
export const unreadOf = (account: Pick<ReadonlyMap<string, unknown>, 'get'>): AllUnread => (account.get(KEY) as AllUnread | undefined) ?? {}

/** What a session does not know, and says that it does not know: it is told once, kept for all who ask, and gone when it was read after all. */
export function createUnread({
  session,
  clock,
  metrics,
  onChange,
}: {
  session: Pick<LiveSession, 'state' | 'commit'>
  clock: Clock
  metrics: Metrics
  onChange: () => void
}) {
  const all = () => unreadOf(session.state.all(KIND))

  async function tell(what: string, why: Unread): Promise<void> {
    const before = all()
    const gap = gapEvent(clock, 'unread', { what })
    await session.commit({ state: [{ kind: KIND, key: KEY, value: { ...before, [what]: why } }], events: before[what] ? [] : [gap] })
    onChange()
  }

  return {
    all,
    async refused(step: string, { code, message: detail, options: { xmpp } }: Problem): Promise<void> {
      metrics.count('unread_total', { what: step, reason: code })
      await tell(step, {
        code,
        detail: detail.slice(0, DETAIL),
        ...(xmpp && { xmpp: { ...xmpp, ...(xmpp.text && { text: xmpp.text.slice(0, DETAIL) }) } }),
      })
    },
    /** It was known, and is not any more: it was more than the session remembers. */
    async tooMuch(what: string): Promise<void> {
      if (!all()[what]) await tell(what, { code: 'too-much', detail: 'It is more than the session remembers.' })
    },
    async read(step: string): Promise<void> {
      const { [step]: found, ...rest } = all()
      if (!found) return
      await session.commit({ state: [{ kind: KIND, key: KEY, value: Object.keys(rest).length > 0 ? rest : null }] })
      onChange()
    },
  }
}
