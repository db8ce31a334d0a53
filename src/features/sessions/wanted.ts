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
