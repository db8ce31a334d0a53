import { z } from 'zod'
import type { EventType } from '../gateway/contract/operation.ts'

/** The events that streams make by themselves. */
const own: readonly EventType[] = [
  {
    type: 'events.gap',
    description:
      'Events are missing here. `expired`, `store-lost`: those between two cursors are no longer kept; the oldest there is comes next. ' +
      '`archive-unavailable`, `too-many`: not all that was missed while the session was away could be restored. `stanza-too-large`, ' +
      '`stanza-not-stored`: a stanza came that could not be taken. `quarantined`: a stanza, or what the session knew (`what: state`, which ' +
      'is read again), was being handled both times when an instance died; it is left out. `unread`: what a new connection should bring was refused, did not come or ' +
      'could not be read; it is not known until it is gone from the `unread` of the session.',
    schema: z.object({
      from: z.string().meta({ description: 'the cursor that was asked for, or the time at which what is missing begins' }),
      to: z.string().meta({ description: 'the cursor after which the log can be read, or the time at which it ends' }),
      reason: z.enum([
        'expired',
        'store-lost',
        'archive-unavailable',
        'too-many',
        'stanza-too-large',
        'stanza-not-stored',
        'quarantined',
        'unread',
      ]),
      stanza: z
        .object({ name: z.string(), from: z.string().optional(), id: z.string().optional(), type: z.string().optional() })
        .optional()
        .meta({ description: 'what is known of a stanza that was too large, or is left out' }),
      room: z.string().optional().meta({ description: 'of what was said in a room' }),
      what: z.string().optional().meta({
        description: 'of `quarantined`: `state`; of `unread`: `roster`, `carbons` (what other clients of the account send and receive)',
      }),
    }),
  },
  {
    type: 'events.snapshot-end',
    description: 'The snapshot is complete; live events follow.',
    schema: z.object({ snapshot: z.string(), events: z.int().min(0).meta({ description: 'how many events it had' }) }),
  },
]

const cursorSchema = z
  .string()
  .regex(/^[\w-]+$/)
  .meta({ id: 'Cursor', description: 'the cursor: read on with ?after=' })
const sourceSchema = z.string().meta({ id: 'EventSource', description: 'the session', example: '/sessions/ses_Zb0kZ1CmTj2sX5QhYV9wXA' })

const traceparentSchema = z.string().meta({
  description:
    'The trace of the request that sent the message, as its header `traceparent` told it (CloudEvents extension Distributed Tracing)',
})
const tracestateSchema = z.string().meta({ description: 'The `tracestate` that came with it' })

export interface Registry {
  types: readonly EventType[]
  /** of every event there is: one branch per type */
  schema: z.ZodType
}

/** Every type of event, from the feature rooms and from here; a type that comes twice is a fault of the program. */
export function createRegistry(featureEvents: readonly EventType[]): Registry {
  const types = [...featureEvents, ...own]
  const names = new Set(types.map(({ type }) => type))
  if (names.size !== types.length) throw new Error('An event type is declared twice.')
  const branches = types.map(({ type, description, schema }) =>
    z
      .object({
        specversion: z.literal('1.0'),
        id: cursorSchema,
        source: sourceSchema,
        type: z.literal(type),
        subject: z.string().optional(),
        time: z.iso.datetime(),
        traceparent: traceparentSchema.optional(),
        tracestate: tracestateSchema.optional(),
        datacontenttype: z.literal('application/json'),
        data: schema,
      })
      .meta({ id: schemaOf(type), description }),
  )
  const [first, ...others] = branches
  if (first === undefined) throw new Error('There are no event types.')
  return {
    types,
    schema: z.discriminatedUnion('type', [first, ...others]).meta({ id: 'Event', description: 'A CloudEvent 1.0 of a session' }),
  }
}

/** Name of the schema of an event: `message.sent-elsewhere` → `MessageSentElsewhereEvent` */
export const schemaOf = (type: string) => `${pascal(type)}Event`

const pascal = (type: string) => type.replace(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase())
