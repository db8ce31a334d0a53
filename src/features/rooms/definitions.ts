import type { Definition } from '../../stanza/definition.ts'
import { muc } from './xep0045.ts'
import { invite } from './xep0249.ts'

export const definitions: readonly Definition[] = [...muc, invite]
