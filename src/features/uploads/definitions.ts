import type { Definition } from '../../stanza/definition.ts'
import { streamInitiation } from './xep0095.ts'
import { uploads } from './xep0363.ts'

export const definitions: readonly Definition[] = [...uploads, streamInitiation]
