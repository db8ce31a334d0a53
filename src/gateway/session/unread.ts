import type { Problem } from '../../errors/problem.ts'
import { type AllUnread, account, type Unread, unread } from '../contract/account.ts'
import type { LiveSession } from '../contract/session.ts'
import { gapEvent } from '../inbound/gap.ts'
import type { Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'

/** characters of what the server says about it */
const DETAIL = 1_000

/** What the session says that it does not know, by the step of the bind that was to bring it. */
export interface UnreadSteps {
  all(): AllUnread
  /** it was refused, got no answer, or one that cannot be read */
  refused(step: string, problem: Problem): Promise<void>
  /** It was known, and is not any more: it was more than the session remembers. */
  tooMuch(step: string): Promise<void>
  /** it is known after all */
  read(step: string): Promise<void>
}

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
}): UnreadSteps {
  const all = () => unread.of(session.state.all(account)) ?? {}

  async function tell(what: string, why: Unread): Promise<void> {
    const before = all()
    const gap = gapEvent(clock, 'unread', { what })
    await session.commit({ state: [unread.put({ ...before, [what]: why })], events: before[what] ? [] : [gap] })
    onChange()
  }

  return {
    all,
    async refused(step, { code, message: detail, options: { xmpp } }) {
      metrics.count('unread_total', { what: step, reason: code })
      await tell(step, {
        code,
        detail: detail.slice(0, DETAIL),
        ...(xmpp && { xmpp: { ...xmpp, ...(xmpp.text && { text: xmpp.text.slice(0, DETAIL) }) } }),
      })
    },
    async tooMuch(what) {
      if (!all()[what]) await tell(what, { code: 'too-much', detail: 'It is more than the session remembers.' })
    },
    async read(step) {
      const { [step]: found, ...rest } = all()
      if (!found) return
      await session.commit({ state: [Object.keys(rest).length > 0 ? unread.put(rest) : unread.remove()] })
      onChange()
    },
  }
}
