import type { Feature } from '../../gateway/contract/feature.ts'
import { infoOperation } from './info.ts'
import { searchOperation } from './search.ts'

/** What rooms there are, and what they say of themselves (XEP-0045 section 6). */
export const roomDirectory: Feature = {
  name: 'room-directory',
  operations: ({ vocabulary }) => [infoOperation(vocabulary), searchOperation()],
}
