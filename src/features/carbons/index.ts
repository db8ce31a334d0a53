import type { Feature } from '../../gateway/contract/feature.ts'
import { CARBONS } from '../../protocol/namespaces.ts'
import { element } from '../../xml/element.ts'

/** ms that the server may take, and longer where the request or its answer is on its way still */
const WITHIN = { timeout: 15_000, most: 300_000 }

/** Copies of what other clients of the account send and get (XEP-0280). */
export const carbons: Feature = {
  name: 'carbons',
  bind: async (session) => void (await session.iq({ type: 'set', payload: element('enable', CARBONS) }, WITHIN)),
}
