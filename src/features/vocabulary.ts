/** The whole vocabulary: the payloads of all rooms. */
import type { Definition } from '../stanza/definition.ts'
import { definitions as disco } from './disco/definitions.ts'
import { definitions as forms } from './forms/definitions.ts'
import { definitions as iq } from './iq/definitions.ts'
import { definitions as messages } from './messages/definitions.ts'
import { definitions as presence } from './presence/definitions.ts'
import { definitions as rooms } from './rooms/definitions.ts'
import { definitions as roster } from './roster/definitions.ts'

export const vocabulary: readonly Definition[] = [...messages, ...presence, ...roster, ...iq, ...rooms, ...disco, ...forms]
