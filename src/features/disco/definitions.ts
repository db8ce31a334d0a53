import type { Definition } from '../../stanza/definition.ts'
import { disco } from './xep0030.ts'
import { externalServices } from './xep0215.ts'

export const definitions: readonly Definition[] = [...disco, ...externalServices]
