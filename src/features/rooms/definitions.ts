import type { Definition } from '../../stanza/definition.ts'
import { muc } from './xep0045.ts'

export const definitions: readonly Definition[] = [...muc]
