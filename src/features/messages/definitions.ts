import type { Definition } from '../../stanza/definition.ts'
import { messageCore } from './rfc6121.ts'
import { addresses } from './xep0033.ts'
import { oob } from './xep0066.ts'
import { html } from './xep0071.ts'
import { chatState } from './xep0085.ts'
import { nick } from './xep0172.ts'
import { receipt } from './xep0184.ts'
import { delay } from './xep0203.ts'
import { attention } from './xep0224.ts'
import { carbons } from './xep0280.ts'
import { forwarded } from './xep0297.ts'
import { replace } from './xep0308.ts'
import { marker } from './xep0333.ts'
import { hints } from './xep0334.ts'
import { stanzaIds } from './xep0359.ts'
import { attachTo } from './xep0367.ts'
import { references } from './xep0372.ts'
import { openpgp } from './xep0373.ts'
import { encryption } from './xep0380.ts'
import { spoilers } from './xep0382.ts'
import { unstyled } from './xep0393.ts'
import { markup } from './xep0394.ts'
import { occupantId } from './xep0421.ts'
import { retraction } from './xep0424.ts'
import { moderate } from './xep0425.ts'
import { fallback } from './xep0428.ts'
import { reactions } from './xep0444.ts'
import { fileMetadata } from './xep0446.ts'
import { fileSharing } from './xep0447.ts'
import { reply } from './xep0461.ts'
import { displayed } from './xep0490.ts'

export const definitions: readonly Definition[] = [
  ...messageCore,
  addresses,
  ...oob,
  html,
  chatState,
  nick,
  receipt,
  delay,
  attention,
  ...carbons,
  forwarded,
  replace,
  marker,
  hints,
  ...stanzaIds,
  attachTo,
  references,
  openpgp,
  encryption,
  ...spoilers,
  unstyled,
  markup,
  occupantId,
  ...retraction,
  moderate,
  fallback,
  reactions,
  fileMetadata,
  ...fileSharing,
  reply,
  displayed,
]
