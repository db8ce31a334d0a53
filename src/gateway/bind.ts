import { setTimeout as delay } from 'node:timers/promises'
import { Problem } from '../errors.ts'
import { element } from '../stanza/element.ts'
import type { CatchUp } from './catch-up.ts'
import type { Feature, LiveSession } from './feature.ts'

const CARBONS = 'urn:xmpp:carbons:2'
/** ms that one request of a new bind may take */
const STEP = 15_000
/** ms between tries to restore what was missed, on a stream that is up */
const AGAIN = 2_000

export interface Bind {
  /** the work of a new stream; resolves when the session is online */
  bound(): Promise<void>
  /** The stream goes on: what another process, or a lost link, left undone is done. `doubtful`: not all that was missed may come by it. */
  resumed(options: { doubtful: boolean }): void
}

/**
 * The work of a new bind of the primary, in this order: copies of what other clients do, what must be known first (roster),
 * what became of messages in doubt, what was missed, what others may see of us (presence), and what came in between.
 * The session is online, and sends, before what was missed is read: that may be much. Rejects when the link is lost over it.
 */
export function createBind({
  session,
  features,
  catchUp,
  online,
  onRefused,
  onError,
}: {
  session: LiveSession
  features: readonly Feature[]
  catchUp: CatchUp
  /** the stream is up and the session is ours */
  online: () => boolean
  onRefused: (step: string, problem: Problem) => void
  onError: (error: unknown) => void
}): Bind {
  let restoring: Promise<void> | undefined
  /** once more, when it is done */
  let again = false
  /** own presence was sent on the stream */
  let visible = false

  /** A server that refuses one thing does not keep the session from the others. */
  async function step(name: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof Problem) || !error.options.xmpp) throw error
      onRefused(name, error)
    }
  }

  async function appear(): Promise<void> {
    for (const feature of features) await step(feature.name, async () => feature.appear?.(session))
    visible = true
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

  return {
    async bound() {
      visible = false
      // before anything of the new stream is taken in
      await Promise.all([catchUp.owe(), restoring])
      await step('carbons', () => session.iq({ type: 'set', payload: element('enable', CARBONS) }, { timeout: STEP }))
      for (const feature of features) await step(feature.name, async () => feature.bind?.(session))
      await catchUp.doubts()
      const begun = await catchUp.begin()
      if (!begun) return startRestoring()
      await appear()
      await begun()
    },
    resumed({ doubtful }) {
      // the work of its bind was done, here or in another process
      if (!catchUp.isOwing()) visible = true
      if (doubtful) catchUp.owe().catch(onError)
      if (!catchUp.isOwing()) return
      if (!restoring) startRestoring()
      else if (doubtful) again = true
    },
  }
}
