import { Problem } from '../errors.ts'
import { element } from '../stanza/element.ts'
import type { CatchUp } from './catch-up.ts'
import type { Feature, LiveSession } from './feature.ts'

const CARBONS = 'urn:xmpp:carbons:2'
/** ms that one request of a new bind may take */
const STEP = 15_000

/**
 * The work of a new bind of the primary, in this order: copies of what other clients do, what must be known first (roster),
 * what was missed, what others may see of us (presence), and what came in between. Rejects when the link is lost over it.
 */
export function createBind({
  session,
  features,
  catchUp,
  onRefused,
}: {
  session: LiveSession
  features: readonly Feature[]
  catchUp: CatchUp
  onRefused: (step: string, problem: Problem) => void
}): () => Promise<void> {
  /** A server that refuses one thing does not keep the session from the others. */
  async function step(name: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof Problem) || !error.options.xmpp) throw error
      onRefused(name, error)
    }
  }

  return async () => {
    await step('carbons', () => session.iq({ type: 'set', payload: element('enable', CARBONS) }, { timeout: STEP }))
    for (const feature of features) await step(feature.name, async () => feature.bind?.(session))
    await catchUp.doubts()
    const finish = await catchUp.run()
    for (const feature of features) await step(feature.name, async () => feature.appear?.(session))
    await finish()
  }
}
