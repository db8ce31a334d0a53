import { Problem } from '../errors.ts'
import { element } from '../stanza/element.ts'
import type { CatchUp } from './catch-up.ts'
import type { Feature, LiveSession } from './feature.ts'

const CARBONS = 'urn:xmpp:carbons:2'
/** ms that one request of a new bind may take */
const STEP = 15_000

/**
 * The work of a new bind of the primary, in this order: copies of what other clients do, what must be known first (roster),
 * what became of messages in doubt, what was missed, what others may see of us (presence), and what came in between.
 * The session is online, and sends, before what was missed is read: that may be much. Rejects when the link is lost over it.
 */
export function createBind({
  session,
  features,
  catchUp,
  onRefused,
  onError,
}: {
  session: LiveSession
  features: readonly Feature[]
  catchUp: CatchUp
  onRefused: (step: string, problem: Problem) => void
  onError: (error: unknown) => void
}): () => Promise<void> {
  let restoring = Promise.resolve()

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
  }

  async function restore(): Promise<void> {
    const finish = await catchUp.run()
    await appear()
    await finish()
  }

  return async () => {
    // that of an earlier stream ends with it
    await restoring
    await step('carbons', () => session.iq({ type: 'set', payload: element('enable', CARBONS) }, { timeout: STEP }))
    for (const feature of features) await step(feature.name, async () => feature.bind?.(session))
    await catchUp.doubts()
    if (await catchUp.begin()) return await appear()
    restoring = restore().catch((error) => {
      // the next stream begins again
      if (!(error instanceof Problem)) onError(error)
    })
  }
}
