import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../../errors/problem.ts'
import { CARBONS } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'
import type { AllUnread } from '../contract/account.ts'
import type { Feature } from '../contract/feature.ts'
import type { Repeated } from '../contract/repeated.ts'
import type { LiveSession } from '../contract/session.ts'
import type { CatchUp } from '../inbound/catch-up.ts'
import { isRefusal } from './iq-correlator.ts'

/** ms that one request of a new bind may take, and longer where it or its answer is on its way still */
const STEP = { timeout: 15_000, most: 300_000 }
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
  unread: () => AllUnread
  /** Does what is done on each new stream; rejects with `given-up` where streams ended over it. */
  ask: Repeated['ask']
  /** A step was refused, got no answer, or one that cannot be read: what it is for is not known. */
  onRefused: (step: string, problem: Problem) => Promise<void>
  /** a step did what it is for */
  onRead: (step: string) => Promise<void>
  /** the own presence was sent on a new stream */
  onVisible: () => void
  onError: (error: unknown) => void
}

/**
 * The work of a new bind of the primary, in this order: copies of what other clients do, what must be known first (roster),
 * what became of messages in doubt, what was missed, what others may see of us (presence), and what came in between.
 * The session is online, and sends, before what was missed is read: that may be much. Rejects when the link is lost over it.
 */
export function createBind({ session, features, catchUp, online, unread, ask, onRefused, onRead, onVisible, onError }: BindContext): Bind {
  /** what is asked of a new stream, in order */
  const steps: readonly Step[] = [
    { name: 'carbons', run: () => session.iq({ type: 'set', payload: element('enable', CARBONS) }, STEP) },
    ...features.flatMap(({ name, bind }) => (bind ? [{ name, run: () => bind(session) }] : [])),
  ].map(({ name, run }): Step => ({ name, run: () => ask<unknown>(name, run) }))
  /** of the present stream */
  let stream = {}
  let restoring: Promise<void> | undefined
  /** once more, when it is done */
  let again = false
  /** own presence was sent on the stream */
  let visible = false
  let doubting = false

  /** A server that refuses one thing does not keep the session from the others. Answers whether it may take it another time. */
  async function take({ name, run }: Step): Promise<boolean> {
    try {
      await run()
    } catch (error) {
      if (!isRefusal(error)) throw error
      await onRefused(name, error)
      return error.retryable
    }
    await onRead(name)
    return false
  }

  /** Answers those that the server may take another time. */
  async function takeAll(wanted: readonly Step[]): Promise<Step[]> {
    const refused: Step[] = []
    for (const step of wanted) if (await take(step)) refused.push(step)
    return refused
  }

  /** As long as the stream lives; a new one begins with all of them, a resumed one with those that are left. */
  function takeLater(refused: readonly Step[], pause = STEP_AGAIN): void {
    if (refused.length === 0) return
    const mine = stream
    const again = async () => {
      if (stream !== mine || !online()) return
      const left = await takeAll(refused)
      if (stream === mine) takeLater(left, Math.min(pause * 2, STEP_AGAIN_MAX))
    }
    setTimeout(() => void again().catch(onLost), pause).unref()
  }

  async function appear(): Promise<void> {
    for (const { name, appear } of features) if (appear) await take({ name, run: () => appear(session) })
    visible = true
    onVisible()
  }

  async function restore(): Promise<void> {
    const finish = await catchUp.run()
    if (!visible) await appear()
    await finish()
  }

  /** Until it is done or the stream is lost: the next bind or resume begins again. Messages wait as long. */
  async function keepRestoring(): Promise<void> {
    for (;;) {
      again = false
      try {
        await restore()
        if (!again || !online()) return
        continue
      } catch (error) {
        if (!(error instanceof Problem)) onError(error)
      }
      await delay(AGAIN, undefined, { ref: false })
      if (!online()) return
    }
  }

  function startRestoring(): void {
    restoring = keepRestoring().finally(() => {
      restoring = undefined
    })
  }

  /** a lost link brings a new bind */
  const onLost = (error: unknown) => {
    if (!(error instanceof Problem)) onError(error)
  }

  return {
    async bound() {
      visible = false
      stream = {}
      // before anything of the new stream is taken in
      await Promise.all([catchUp.markDue(), restoring])
      takeLater(await takeAll(steps))
      await catchUp.doubts()
      const begun = await catchUp.begin()
      if (!begun) return startRestoring()
      await appear()
      await begun()
    },
    resumed({ doubtful }) {
      stream = {}
      takeLater(steps.filter(({ name }) => unread()[name]))
      // the work of its bind was done, here or in another process
      if (!catchUp.isDue()) visible = true
      if (doubtful) catchUp.markDue().catch(onError)
      if (!catchUp.isDue()) return
      if (!restoring) startRestoring()
      else if (doubtful) again = true
    },
    online() {
      // else it will be
      if (!visible) return
      for (const feature of features) feature.online?.(session)?.catch(onLost)
    },
    doubts() {
      if (doubting || !online()) return
      doubting = true
      catchUp
        .doubts()
        .catch(onError)
        .finally(() => {
          doubting = false
        })
    },
    changed() {
      if (!visible || !online()) return
      for (const feature of features) feature.changed?.(session)?.catch(onLost)
    },
  }
}
