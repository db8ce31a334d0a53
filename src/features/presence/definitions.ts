import type { Definition } from '../../stanza/definition.ts'
import { presenceCore } from './rfc6121.ts'
import { caps } from './xep0115.ts'
import { idle } from './xep0319.ts'

export const definitions: readonly Definition[] = [...presenceCore, caps, idle]
