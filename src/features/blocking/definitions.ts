import type { Definition } from '../../stanza/definition.ts'
import { privacy } from './xep0016.ts'
import { blocking } from './xep0191.ts'

export const definitions: readonly Definition[] = [privacy, ...blocking]
