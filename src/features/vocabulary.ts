/** The whole vocabulary: the payloads of all rooms. */
import type { Definition } from '../stanza/definition.ts'
import { definitions as archive } from './archive/definitions.ts'
import { definitions as blocking } from './blocking/definitions.ts'
import { definitions as commands } from './commands/definitions.ts'
import { definitions as disco } from './disco/definitions.ts'
import { definitions as forms } from './forms/definitions.ts'
import { definitions as iq } from './iq/definitions.ts'
import { definitions as messages } from './messages/definitions.ts'
import { definitions as pep } from './pep/definitions.ts'
import { definitions as presence } from './presence/definitions.ts'
import { definitions as profile } from './profile/definitions.ts'
import { definitions as pubsub } from './pubsub/definitions.ts'
import { definitions as registration } from './registration/definitions.ts'
import { definitions as rooms } from './rooms/definitions.ts'
import { definitions as roster } from './roster/definitions.ts'
import { definitions as uploads } from './uploads/definitions.ts'

export const vocabulary: readonly Definition[] = [
  ...archive,
  ...blocking,
  ...commands,
  ...disco,
  ...forms,
  ...iq,
  ...messages,
  ...pep,
  ...presence,
  ...profile,
  ...pubsub,
  ...registration,
  ...rooms,
  ...roster,
  ...uploads,
]
