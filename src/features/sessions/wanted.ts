import { z } from 'zod'

const CONNECTIONS_MAX = 8

export const connections = z
  .int()
  .min(1)
  .max(CONNECTIONS_MAX)
  .meta({ description: 'The primary and the senders beside it; servers limit sessions per user' })

export const handles = z
  .array(z.string().min(1).max(1023))
  .max(100)
  .meta({ description: 'Namespaces of incoming iqs that callers answer: they are raised as iq.requested and shown by service discovery' })

/** What a session does beside what all do. */
export const options = {
  notify: z
    .array(
      z
        .string()
        .min(1)
        .max(1023)
        .refine((node) => !node.endsWith('+notify'), 'is named without +notify'),
    )
    .max(100)
    .optional()
    .meta({ description: 'PEP nodes of contacts whose notifications are wanted, as `pubsub.published`' }),
  bookmarks: z.boolean().optional().meta({ description: "Joins the rooms that the account's bookmarks say (XEP-0402)" }),
  mds: z
    .boolean()
    .optional()
    .meta({ description: "What was read is told the account's other clients, and theirs is told here (XEP-0490)" }),
}
