import { z } from 'zod'
import { operation } from '../api/operation.ts'
import type { Tickets } from './tickets.ts'

export function createTicket(tickets: Tickets) {
  return operation({
    id: 'tickets.create',
    method: 'POST',
    path: '/tickets',
    summary: 'Make a ticket that opens one event stream',
    description: 'For browsers, which cannot send Authorization with a WebSocket: open `GET /events?ticket=` within 30 s, once.',
    scope: 'events:read',
    session: 'named',
    components: 'whole',
    answers: {
      201: {
        description: 'The ticket',
        schema: z
          .object({
            ticket: z.string().meta({ example: 'sgt_pWvYt2nS0gkq1hT0v6yXr3bF5mJd8uQe' }),
            expiresAt: z.iso.datetime(),
            cursor: z.string().meta({
              description: 'Where the log ended: a stream that is opened with it as `after` misses nothing since, however late it opens',
            }),
          })
          .meta({ id: 'Ticket' }),
      },
    },
    problems: [],
    examples: {
      201: {
        ticket: { ticket: 'sgt_pWvYt2nS0gkq1hT0v6yXr3bF5mJd8uQe', expiresAt: '2026-05-01T10:00:30.118Z', cursor: 'Zb0kZ1CmTj2sX5QhY-1f' },
      },
    },
    async run({ caller, session }) {
      const { tenant, grant } = caller
      return { status: 201, body: await tickets.create({ tenant, session: session.record.id, ...(grant && { grant }) }) }
    },
  })
}
