import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { contacts } from '../../gateway/contract/roster-and-presence.ts'
import { liveRoster } from './live.ts'
import { contactShape, rosterOperations } from './operations.ts'

/** The contacts of the account (RFC 6121 section 2). */
export const roster: Feature = {
  name: 'roster',
  operations: rosterOperations,
  events: () => [
    {
      type: 'roster.updated',
      description: 'A contact is new or was changed, also by another client of the account.',
      schema: z.object(contactShape).meta({ id: 'RosterContact' }),
    },
    { type: 'roster.removed', description: 'A contact is not in the roster any more.', schema: z.object({ jid: z.string() }) },
  ],
  keeps: [contacts],
  ...liveRoster(),
}
