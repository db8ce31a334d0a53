import type { Definition } from '../../stanza/definition.ts'
import { presenceCore } from './rfc6121.ts'
import { caps } from './xep0115.ts'
import { vcardUpdate } from './xep0153.ts'
import { hats } from './xep0317.ts'
import { idle } from './xep0319.ts'
import { caps2 } from './xep0390.ts'

export const definitions: readonly Definition[] = [...presenceCore, caps, vcardUpdate, hats, idle, caps2]
