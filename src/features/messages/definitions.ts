import type { Definition } from '../../stanza/definition.ts'
import { messageCore } from './rfc6121.ts'
import { chatState } from './xep0085.ts'
import { receipt } from './xep0184.ts'
import { delay } from './xep0203.ts'
import { carbons } from './xep0280.ts'
import { forwarded } from './xep0297.ts'
import { marker } from './xep0333.ts'
import { hints } from './xep0334.ts'
import { stanzaIds } from './xep0359.ts'

export const definitions: readonly Definition[] = [
  ...messageCore,
  chatState,
  receipt,
  marker,
  ...stanzaIds,
  delay,
  ...carbons,
  forwarded,
  hints,
]
