import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { affiliationOperations } from './affiliations.ts'
import { configOperations } from './config.ts'
import { destroyOperation } from './destroy.ts'
import { moderateOperation } from './moderate.ts'
import { isModeration, moderated } from './moderated.ts'
import { occupantOperations } from './occupants.ts'

/** What the moderators, admins and owners of a room do (XEP-0045 sections 8 to 10). */
export const roomAdministration: Feature = {
  name: 'room-administration',
  operations: ({ vocabulary }) => [
    ...configOperations(vocabulary),
    ...affiliationOperations(vocabulary),
    ...occupantOperations(vocabulary),
    destroyOperation(vocabulary),
    moderateOperation(vocabulary),
  ],
  events: () => [
    {
      type: 'room.message-moderated',
      description: 'The moderators of a room took a message away, which is named by the id that the room gave it.',
      schema: z.looseObject({ room: z.string(), stanzaId: z.string(), by: z.string().optional(), reason: z.string().optional() }),
    },
  ],
  claims: isModeration,
  message: moderated,
}
