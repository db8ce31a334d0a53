import type { Definition } from '../../stanza/definition.ts'
import { archive } from './xep0313.ts'
import { archivePreferences } from './xep0441.ts'

export const definitions: readonly Definition[] = [...archive, archivePreferences]
