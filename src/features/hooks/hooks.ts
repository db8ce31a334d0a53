/** Messages from services that can only call a URL. */
import type { Feature } from '../../gateway/contract/feature.ts'
import type { HookStore } from '../../gateway/ports/hook.ts'
import { hookOperations } from './operations.ts'

export const hooks = (store: HookStore): Feature => ({
  name: 'hooks',
  operations: ({ sessions }) => hookOperations({ store, sessions }),
})
