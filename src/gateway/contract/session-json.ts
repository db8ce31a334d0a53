/** A session as callers see it. */
import { z } from 'zod'
import { sessionStates } from '../ports/session-record.ts'

const state = z.enum(sessionStates).meta({ id: 'SessionState' })
const time = z.iso.datetime()

export const sessionShape = {
  id: z.string().meta({ example: 'ses_mT5C0bO9p0sZbq1xkPsu1A' }),
  jid: z
    .string()
    .meta({ description: 'The bare JID that it was opened with, by which it is found; how its server writes it is in `connections`' }),
  component: z.literal(true).optional().meta({ description: 'It is a component (XEP-0114): `jid` is its domain' }),
  state,
  since: time,
  reason: z.string().optional().meta({ description: 'Why it is not online' }),
  unread: z
    .array(z.object({ what: z.string(), code: z.string(), detail: z.string() }))
    .optional()
    .meta({
      description: 'What the server did not let it read or set up, and so is not known: `roster`, `carbons`, `presence` (the own one)',
    }),
  connections: z.array(
    z.object({
      jid: z.string().nullable().meta({ description: 'The full JID that the server bound, null before' }),
      resource: z.string(),
      role: z.enum(['primary', 'sender']),
      state,
    }),
  ),
  instance: z.string().meta({ description: 'INSTANCE_ID of the process that holds it' }),
  lastVerifiedAt: time.nullable().meta({ description: 'When the server last proved that the connection is alive' }),
  outbox: z.object({ length: z.int(), oldest: time.optional() }),
  handles: z.array(z.string()),
  notify: z.array(z.string()).optional(),
  bookmarks: z.boolean().optional(),
  mds: z.boolean().optional(),
  createdAt: time,
}

export const sessionSchema = z.object(sessionShape).meta({ id: 'Session' })

export type SessionJson = z.infer<typeof sessionSchema>
