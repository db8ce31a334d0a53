import type { Definition } from '../../stanza/definition.ts'
import { commands } from './xep0050.ts'

export const definitions: readonly Definition[] = [commands]
