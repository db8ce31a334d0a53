import type { Feature } from '../../gateway/contract/feature.ts'
import { systemAnswers } from './answers.ts'

/** What every client tells of itself: XEP-0012, XEP-0030, XEP-0092, XEP-0115, XEP-0199, XEP-0202. */
export const system = (supported: readonly string[]): Feature => ({
  name: 'system',
  answers: systemAnswers(supported),
})
