import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { INVITATION } from '../../protocol/namespaces.ts'
import { invited, isInvitation } from './incoming.ts'
import { kinds, invitations as known } from './known.ts'
import { invitationOperations } from './operations.ts'

const about = {
  room: z.string(),
  from: z.string().optional().meta({ description: 'As the room tells it: a JID, or somebody in the room' }),
  reason: z.string().optional(),
}

/** Who is invited to rooms, and who does not come. */
export const invitations: Feature = {
  name: 'invitations',
  operations: invitationOperations,
  events: () => [
    {
      type: 'room.invited',
      description: 'Somebody invites the account to a room. One who does it in both forms is told once.',
      schema: z.looseObject({ ...about, password: z.string().optional(), kind: z.enum(kinds) }),
    },
    { type: 'room.declined', description: 'Somebody whom the account invited declines.', schema: z.looseObject(about) },
  ],
  claims: isInvitation,
  message: invited,
  keeps: [known],
  discovers: [INVITATION],
}
