import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../errors/problem.ts'
import type { Feature } from '../contract/feature.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { LiveSession } from '../contract/session.ts'
import type { CatchUp } from '../inbound/catch-up.ts'
import { isRefusal } from './iq-correlator.ts'
import type { Reports } from './reports.ts'
import type { Resync } from './resync.ts'
import type { UnreadSteps } from './unread.ts'

/** ms between tries to restore what was missed, on a stream that is up */
const AGAIN = 2_000
/** ms until a step is tried again that the server may take another time, and at most after more of them */
const STEP_AGAIN = 60_000
const STEP_AGAIN_MAX = 900_000

interface Step {
  name: string
  run: () => Promise<unknown>
}

export interface Bind {
  /** the work of a new stream; resolves when the session is online */
  bound(): Promise<void>
  /** The stream goes on: what another process, or a lost link, left undone is done. `doubtful`: not all that was missed may come by it. */
  resumed(options: { doubtful: boolean }): void
  /** the session is online, after either of the two */
  online(): void
  /** there are messages of which nobody knows whether the server got them */
  doubts(): void
  /** the record was changed */
  changed(): void
}

export interface BindContext {
  session: LiveSession
  features: readonly Feature[]
  catchUp: CatchUp
  /** the stream is up and the session is ours */
  online: () => boolean
  /** what of the steps is not done */
  unread: Pick<UnreadSteps, 'all' | 'refused' | 'read'>
  /** does what is done on each new stream; rejects with `given-up` where streams ended over it */
  repeated: Pick<Repeated, 'ask'>
  /** is told when the own presence was sent on a new stream */
  resync: Pick<Resync, 'appeared'>
  reports: Pick<Reports, 'bindStep' | 'error'>
}

/**
 * The work of a new bind of the primary, in this order: what must be known first (roster),
 * what became of messages in doubt, what was missed, what others may see of us (presence), and what came in between.
 * The session is online, and sends, before what was missed is read: that may be much. Rejects when the link is lost over it.
 */
export const createBind = (context: BindContext): Bind => new BindOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class BindOfSession implements Bind {
  readonly #context: BindContext
  /** of the present stream */
  #stream = {}
  #restoring: Promise<void> | undefined
  /** once more, when it is done */
  #isDueAgain = false
  /** own presence was sent on the stream */
  #isVisible = false
  #isDoubting = false

  constructor(context: BindContext) {
    this.#context = context
  }

  async bound(): Promise<void> {
    const { catchUp } = this.#context
    this.#isVisible = false
    this.#stream = {}
    // before anything of the new stream is taken in
    await Promise.all([catchUp.markDue(), this.#restoring])
    this.#takeLater(await this.#takeAll(this.#steps()))
    await catchUp.doubts()
    const begun = await catchUp.begin()
    if (!begun) return this.#startRestoring()
    await this.#appear()
    await begun()
  }

  resumed({ doubtful }: { doubtful: boolean }): void {
    const { catchUp, unread, reports } = this.#context
    this.#stream = {}
    this.#takeLater(this.#steps().filter(({ name }) => unread.all()[name]))
    // the work of its bind was done, here or in another process
    if (!catchUp.isDue()) this.#isVisible = true
    if (doubtful) catchUp.markDue().catch((error) => reports.error(error))
    if (!catchUp.isDue()) return
    if (!this.#restoring) this.#startRestoring()
    else if (doubtful) this.#isDueAgain = true
  }

  online(): void {
    const { features, session } = this.#context
    // else it will be
    if (!this.#isVisible) return
    for (const feature of features) feature.online?.(session)?.catch((error) => this.#onLost(error))
  }

  doubts(): void {
    const { catchUp, online, reports } = this.#context
    if (this.#isDoubting || !online()) return
    this.#isDoubting = true
    catchUp
      .doubts()
      .catch((error) => reports.error(error))
      .finally(() => {
        this.#isDoubting = false
      })
  }

  changed(): void {
    const { features, session, online } = this.#context
    if (!this.#isVisible || !online()) return
    for (const feature of features) feature.changed?.(session)?.catch((error) => this.#onLost(error))
  }

  /** what is asked of a new stream, in order */
  #steps(): Step[] {
    const { session, features, repeated } = this.#context
    return features.flatMap(({ name, bind }) => (bind ? [{ name, run: () => repeated.ask<unknown>(name, () => bind(session)) }] : []))
  }

  /** A server that refuses one thing does not keep the session from the others. Answers whether it may take it another time. */
  async #take({ name, run }: Step): Promise<boolean> {
    const { unread, reports } = this.#context
    try {
      await run()
    } catch (error) {
      if (!isRefusal(error)) throw error
      // what it is for is not known
      reports.bindStep(name, error)
      await unread.refused(name, error)
      return error.retryable
    }
    await unread.read(name)
    return false
  }

  /** Answers those that the server may take another time. */
  async #takeAll(wanted: readonly Step[]): Promise<Step[]> {
    const refused: Step[] = []
    for (const step of wanted) if (await this.#take(step)) refused.push(step)
    return refused
  }

  /** As long as the stream lives; a new one begins with all of them, a resumed one with those that are left. */
  #takeLater(refused: readonly Step[], pause = STEP_AGAIN): void {
    if (refused.length === 0) return
    const mine = this.#stream
    const again = async () => {
      if (this.#stream !== mine || !this.#context.online()) return
      const left = await this.#takeAll(refused)
      if (this.#stream === mine) this.#takeLater(left, Math.min(pause * 2, STEP_AGAIN_MAX))
    }
    setTimeout(() => void again().catch((error) => this.#onLost(error)), pause).unref()
  }

  async #appear(): Promise<void> {
    const { features, session, resync } = this.#context
    for (const { name, appear } of features) if (appear) await this.#take({ name, run: () => appear(session) })
    this.#isVisible = true
    resync.appeared()
  }

  async #restore(): Promise<void> {
    const finish = await this.#context.catchUp.run()
    if (!this.#isVisible) await this.#appear()
    await finish()
  }

  /** Until it is done or the stream is lost: the next bind or resume begins again. Messages wait as long. */
  async #keepRestoring(): Promise<void> {
    const { online } = this.#context
    for (;;) {
      this.#isDueAgain = false
      try {
        await this.#restore()
        if (!this.#isDueAgain || !online()) return
        continue
      } catch (error) {
        this.#onLost(error)
      }
      await delay(AGAIN, undefined, { ref: false })
      if (!online()) return
    }
  }

  #startRestoring(): void {
    this.#restoring = this.#keepRestoring().finally(() => {
      this.#restoring = undefined
    })
  }

  /** a lost link brings a new bind */
  #onLost(error: unknown): void {
    if (!(error instanceof Problem)) this.#context.reports.error(error)
  }
}
