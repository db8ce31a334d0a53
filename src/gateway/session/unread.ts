import type { Problem } from '../../errors/problem.ts'
import { type AllUnread, account, type Unread, unread } from '../contract/account.ts'
import type { LiveSession } from '../contract/session.ts'
import { gapEvent } from '../inbound/gap.ts'
import type { Clock } from '../ports/clock.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Announcer } from './announcer.ts'

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
export const createUnread = (context: UnreadContext): UnreadSteps => new UnreadOfSession(context)

interface UnreadContext {
  session: Pick<LiveSession, 'state' | 'commit'>
  clock: Clock
  metrics: Metrics
  announcer: Pick<Announcer, 'announce'>
}

/** A class because each session has one, and there are thousands of sessions. */
class UnreadOfSession implements UnreadSteps {
  readonly #context: UnreadContext

  constructor(context: UnreadContext) {
    this.#context = context
  }

  all(): AllUnread {
    return unread.of(this.#context.session.state.all(account)) ?? {}
  }

  async refused(step: string, { code, message: detail, options: { xmpp } }: Problem): Promise<void> {
    this.#context.metrics.count('unread_total', { what: step, reason: code })
    await this.#tell(step, {
      code,
      detail: detail.slice(0, DETAIL),
      ...(xmpp && { xmpp: { ...xmpp, ...(xmpp.text && { text: xmpp.text.slice(0, DETAIL) }) } }),
    })
  }

  async tooMuch(what: string): Promise<void> {
    if (!this.all()[what]) await this.#tell(what, { code: 'too-much', detail: 'It is more than the session remembers.' })
  }

  async read(step: string): Promise<void> {
    const { [step]: found, ...rest } = this.all()
    if (!found) return
    const { session, announcer } = this.#context
    await session.commit({ state: [Object.keys(rest).length > 0 ? unread.put(rest) : unread.remove()] })
    announcer.announce(undefined)
  }

  async #tell(what: string, why: Unread): Promise<void> {
    const { session, clock, announcer } = this.#context
    const before = this.all()
    const gap = gapEvent(clock, 'unread', { what })
    await session.commit({ state: [unread.put({ ...before, [what]: why })], events: before[what] ? [] : [gap] })
    announcer.announce(undefined)
  }
}
