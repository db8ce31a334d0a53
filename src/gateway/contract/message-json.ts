/** What became of a message, as callers see it. */
import { z } from 'zod'
import { messageStatuses } from '../ports/message.ts'

const status = z.enum(messageStatuses).meta({ id: 'MessageStatus', description: 'How far the message came' })
const time = z.iso.datetime()
const failure = z.looseObject({ code: z.string(), detail: z.string(), xmpp: z.unknown().optional() }).meta({ id: 'MessageFailure' })

/** What `POST /messages` answers. */
export const progressSchema = z
  .object({ id: z.string(), status, originId: z.string(), error: failure.optional() })
  .meta({ id: 'MessageAccepted', description: 'A message that was accepted, and how far it came by now' })

export const recordSchema = z
  .object({
    id: z.string(),
    to: z.string(),
    from: z.string().optional().meta({ description: 'Of a component: as which address' }),
    status,
    originId: z.string(),
    acceptedAt: time,
    history: z.array(z.object({ status, at: time })),
    error: failure.optional(),
    ackBy: z.literal('ping').optional().meta({ description: 'The server has no stream management: a ping after the message was answered' }),
    stanzaId: z.string().optional().meta({ description: 'The id that the own server archived it under' }),
  })
  .meta({ id: 'MessageRecord', description: 'A message that was sent through the gateway' })

export type MessageProgress = z.infer<typeof progressSchema>
export type RecordJson = z.infer<typeof recordSchema>
