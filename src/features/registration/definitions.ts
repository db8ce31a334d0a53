import type { Definition } from '../../stanza/definition.ts'
import { search } from './xep0055.ts'
import { register } from './xep0077.ts'
import { agents } from './xep0094.ts'
import { gateway } from './xep0100.ts'

export const definitions: readonly Definition[] = [search, register, gateway, agents]
