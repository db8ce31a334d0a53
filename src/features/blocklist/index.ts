import { z } from 'zod'
import type { Feature } from '../../gateway/contract/feature.ts'
import { liveBlocklist } from './live.ts'
import { blocklistOperations } from './operations.ts'

/** Whom the account does not want to hear of (XEP-0191). */
export const blocklist: Feature = {
  name: 'blocklist',
  operations: blocklistOperations,
  events: () => [
    {
      type: 'blocklist.updated',
      description: 'Somebody was blocked or unblocked, by any client of the account.',
      schema: z
        .object({
          blocked: z.array(z.string()),
          unblocked: z.array(z.string()),
          all: z.literal(true).optional().meta({ description: 'Everybody was unblocked' }),
        })
        .meta({ id: 'BlocklistChange' }),
    },
  ],
  ...liveBlocklist(),
}
