/** The whole vocabulary: every payload that the gateway reads and writes as JSON of its own. */
import type { Definition } from '../codec/definition.ts'
import { atom } from './atom.ts'
import { binding } from './rfc6120.ts'
import { messageCore } from './rfc6121-message.ts'
import { presenceCore } from './rfc6121-presence.ts'
import { roster } from './rfc6121-roster.ts'
import { forms } from './xep0004.ts'
import { lastActivity } from './xep0012.ts'
import { privacy } from './xep0016.ts'
import { disco } from './xep0030.ts'
import { addresses } from './xep0033.ts'
import { muc } from './xep0045.ts'
import { bookmarks } from './xep0048.ts'
import { privateStorage } from './xep0049.ts'
import { commands } from './xep0050.ts'
import { vcardTemp } from './xep0054.ts'
import { search } from './xep0055.ts'
import { pubsubRequests } from './xep0060.ts'
import { pubsubEvents } from './xep0060-event.ts'
import { pubsubOwner } from './xep0060-owner.ts'
import { oob } from './xep0066.ts'
import { html } from './xep0071.ts'
import { register } from './xep0077.ts'
import { location } from './xep0080.ts'
import { avatar } from './xep0084.ts'
import { chatState } from './xep0085.ts'
import { version } from './xep0092.ts'
import { agents } from './xep0094.ts'
import { streamInitiation } from './xep0095.ts'
import { gateway } from './xep0100.ts'
import { mood } from './xep0107.ts'
import { activity } from './xep0108.ts'
import { caps } from './xep0115.ts'
import { tune } from './xep0118.ts'
import { vcardUpdate } from './xep0153.ts'
import { nick } from './xep0172.ts'
import { receipt } from './xep0184.ts'
import { blocking } from './xep0191.ts'
import { ping } from './xep0199.ts'
import { time } from './xep0202.ts'
import { delay } from './xep0203.ts'
import { externalServices } from './xep0215.ts'
import { attention } from './xep0224.ts'
import { invite } from './xep0249.ts'
import { carbons } from './xep0280.ts'
import { vcard4 } from './xep0292.ts'
import { forwarded } from './xep0297.ts'
import { replace } from './xep0308.ts'
import { archive } from './xep0313.ts'
import { hats } from './xep0317.ts'
import { idle } from './xep0319.ts'
import { marker } from './xep0333.ts'
import { hints } from './xep0334.ts'
import { push } from './xep0357.ts'
import { stanzaIds } from './xep0359.ts'
import { uploads } from './xep0363.ts'
import { attachTo } from './xep0367.ts'
import { references } from './xep0372.ts'
import { openpgp } from './xep0373.ts'
import { encryption } from './xep0380.ts'
import { spoilers } from './xep0382.ts'
import { caps2 } from './xep0390.ts'
import { unstyled } from './xep0393.ts'
import { markup } from './xep0394.ts'
import { bookmark } from './xep0402.ts'
import { occupantId } from './xep0421.ts'
import { retraction } from './xep0424.ts'
import { moderate } from './xep0425.ts'
import { fallback } from './xep0428.ts'
import { archivePreferences } from './xep0441.ts'
import { reactions } from './xep0444.ts'
import { fileMetadata } from './xep0446.ts'
import { fileSharing } from './xep0447.ts'
import { reply } from './xep0461.ts'
import { displayed } from './xep0490.ts'

export const definitions: readonly Definition[] = [
  ...archive,
  archivePreferences,
  privacy,
  ...blocking,
  commands,
  ...disco,
  ...externalServices,
  forms,
  ...binding,
  lastActivity,
  version,
  ping,
  time,

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
  bookmarks,
  privateStorage,
  location,
  ...avatar,
  mood,
  activity,
  tune,
  ...push,
  bookmark,
  ...presenceCore,
  caps,
  vcardUpdate,
  hats,
  idle,
  caps2,
  vcardTemp,
  vcard4,
  ...pubsubRequests,
  pubsubOwner,
  ...pubsubEvents,
  atom,
  search,
  register,
  gateway,
  agents,
  ...muc,
  invite,
  roster,
  ...uploads,
  streamInitiation,
]
