import type { Problem, StanzaErrorJson } from '../errors.ts'
import type { LiveSession } from './feature.ts'
import { gapEvent } from './gap.ts'
import type { Clock, Metrics } from './ports.ts'

/** Where what is unread is kept: kind and key of the state. */
const KIND = 'account'
const KEY = 'unread'

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

  return {
    all,
    async refused(step: string, { code, message: detail, options: { xmpp } }: Problem): Promise<void> {
      metrics.count('unread_total', { what: step, reason: code })
      const before = all()
      const next = { ...before, [step]: { code, detail, ...(xmpp && { xmpp }) } }
      const gap = gapEvent(clock, 'unread', { what: step })
      await session.commit({ state: [{ kind: KIND, key: KEY, value: next }], events: before[step] ? [] : [gap] })
      onChange()
    },
    async read(step: string): Promise<void> {
      const { [step]: found, ...rest } = all()
      if (!found) return
      await session.commit({ state: [{ kind: KIND, key: KEY, value: Object.keys(rest).length > 0 ? rest : null }] })
      onChange()
    },
  }
}
