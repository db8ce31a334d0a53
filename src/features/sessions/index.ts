import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { sessionShape } from '../../gateway/contract/session-json.ts'
import { sessionOperations } from './operations.ts'

const types: Record<string, string> = {
  'session.online': 'The account is online.',
  'session.resumed': 'The connection was lost and taken up again; nothing was missed.',
  'session.offline': 'The connection is lost; the gateway goes on trying.',
  'session.failed': 'The session has stopped, for example because the password is not accepted any more; `reason` says why.',
  'session.conflict': 'Another client took the resource; the session has stopped.',
  'session.caught-up': 'What the archive keeps of the time away was restored.',
  'session.ended': 'The session was ended; nothing follows.',
}

/** Accounts that the gateway holds online. */
export const sessions: Feature = {
  name: 'sessions',
  operations: sessionOperations,
  events() {
    const schema = z.looseObject(sessionShape).meta({ id: 'SessionEvent' })
    return Object.entries(types).map(([type, description]) => ({ type, description, schema }))
  },
}
