import { z } from 'zod'
import { soughtJid } from '../jid.ts'

const split = (text: string) => text.split(',').filter((entry) => entry !== '')

/** entries of a list in the query, at most */
export const LIST_MAX = 200

const types = z
  .string()
  .regex(
    /^(?:\*|[a-z-]+\.(?:[a-z-]+|\*))(?:,(?:\*|[a-z-]+\.(?:[a-z-]+|\*)))*$/,
    'must be event types or families like presence.*, with commas',
  )
  .refine((text) => split(text).length <= LIST_MAX, `must have at most ${LIST_MAX} entries`)
  .meta({ description: 'Only events of these types or families; `events.*` always come', example: 'presence.*,message.received' })

/** How a consumer may be called. */
export const consumerName = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of A-Z, a-z, 0-9, _, . and -')

/** `?` parameters of `GET /events`, whichever way it is answered. */
export const eventsQuery = z.strictObject({
  after: z.string().max(200).optional().meta({
    description:
      'Only what comes after this cursor; 0 is the oldest kept. Without it the JSON page begins with the oldest, a stream with what happens from now on',
  }),
  consumer: consumerName.optional().meta({
    description:
      'A name under which the place of the reader is kept: without `after` it goes on after what it acked last (`POST /events/ack`); ' +
      'a new name begins as a reader without one does. Kept as long as events are, from its last use',
    example: 'crm',
  }),
  types: types.optional(),
  jids: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Only events from, to or about these JIDs, separated by commas; a bare JID includes all its resources' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100).meta({ description: 'Events of a JSON page, at most' }),
  wait: z.coerce.number().int().min(0).max(60).default(0).meta({ description: 'Seconds that a JSON page waits for its first event' }),
  snapshot: z
    .enum(['presence'])
    .optional()
    .meta({ description: 'Streams only: begins with what is true now, then `events.snapshot-end`, then live events' }),
  coalesce: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .meta({ description: 'Streams only: milliseconds over which presence is gathered; only the last of each resource is sent' }),
  ticket: z.string().max(200).optional().meta({ description: 'A ticket of `POST /tickets`, in place of the Authorization header' }),
})

export type EventsQuery = z.infer<typeof eventsQuery>

/** The lists of a query, its JIDs comparable. Throws the problem jid-malformed. */
export function listsOf({ types = '', jids = '' }: Pick<EventsQuery, 'types' | 'jids'>): { types: string[]; jids: string[] } {
  const all = split(types)
  return { types: all.includes('*') ? [] : all, jids: split(jids).map((one) => soughtJid(one, 'query.jids')) }
}
