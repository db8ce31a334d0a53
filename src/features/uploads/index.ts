import type { Feature } from '../../gateway/contract/feature.ts'
import type { FindHome } from '../discovery.ts'
import { uploadOperations } from './operations.ts'
import { slots } from './slot.ts'

/** Files that others can get (XEP-0363). */
export const uploads = ({ findHome }: { findHome: FindHome }): Feature => ({
  name: 'uploads',
  operations: uploadOperations,
  commands: [slots(findHome)],
})
