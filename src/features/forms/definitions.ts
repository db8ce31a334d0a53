import type { Definition } from '../../stanza/definition.ts'
import { forms } from './xep0004.ts'

export const definitions: readonly Definition[] = [forms]
