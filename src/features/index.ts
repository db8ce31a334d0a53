/** Every feature room. The order is that of handling what comes in, and of the steps of a new bind. */
import type { Feature } from '../gateway/contract/feature.ts'
import { blocklist } from './blocklist/index.ts'
import { bookmarks } from './bookmarks/index.ts'
import { carbons } from './carbons/index.ts'
import { chats } from './chats/index.ts'
import { commands } from './commands/index.ts'
import { componentPresence } from './component-presence/index.ts'
import { disco } from './disco/index.ts'
import { createFindHome } from './discovery.ts'
import { eachAddress } from './each-address.ts'
import { invitations } from './invitations/index.ts'
import { iq } from './iq/index.ts'
import { messages } from './messages/index.ts'
import { capabilities, shownBy } from './own-capabilities.ts'
import type { Capabilities } from './own-presence.ts'
import { presence } from './presence/index.ts'
import { profile } from './profile/index.ts'
import { pubsub } from './pubsub/index.ts'
import { push } from './push/index.ts'
import { registration } from './registration/index.ts'
import { roomAdministration } from './room-administration/index.ts'
import { roomDirectory } from './room-directory/index.ts'
import { ofRooms, rooms } from './rooms/index.ts'
import { roster } from './roster/index.ts'
import { sessions } from './sessions/index.ts'
import { stanzas } from './stanzas/index.ts'
import { answered } from './system/answers.ts'
import { system } from './system/index.ts'
import { uploads } from './uploads/index.ts'

const findHome = createFindHome()

const first: readonly Feature[] = [
  ...[sessions, invitations, roomAdministration, messages, chats, profile({ findHome }), pubsub],
  ...[roster, blocklist, iq, stanzas, commands, registration, push],
]

/** What service discovery shows of all of them. */
const supported = [...first.flatMap(({ discovers = [] }) => discovers), ...ofRooms, ...answered]

const shown: Capabilities = ({ record }) => capabilities([...supported, ...shownBy(record)])
const ofSession = rooms(shown)

// The roster is read before the own presence is sent, so that contacts are known when theirs come; rooms are joined after it.
export const features: readonly Feature[] = [
  carbons,
  bookmarks(ofSession.wishes),
  ...first,
  disco({ supported, findHome }),
  uploads({ findHome }),
  presence({ capabilities: shown, onlookers: ofSession.onlookers }),
  roomDirectory,
  ofSession,
  system(supported),
]

const ofAddresses: readonly Feature[] = [invitations, roomAdministration, messages, pubsub, iq, commands]
const shownByAddresses = [...ofAddresses.flatMap(({ discovers = [] }) => discovers), ...ofRooms, ...answered]
const capabilitiesOf: Parameters<typeof rooms>[0] = ({ record }) => capabilities([...shownByAddresses, ...shownBy(record)])

/** What each address of a component does: what an account does that has no roster, no archive and no other clients. */
export const ofComponents: readonly Feature[] = [
  ...ofAddresses.map(eachAddress),
  componentPresence(capabilitiesOf),
  eachAddress(rooms(capabilitiesOf)),
  system(shownByAddresses),
]
