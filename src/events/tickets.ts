import { randomBytes } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import type { Caller } from '../gateway/contract/operation.ts'
import { tokenHash } from '../gateway/ids.ts'
import type { Clock } from '../gateway/ports/clock.ts'
import type { Store, Ticket } from '../gateway/ports/store.ts'

/** ms that a ticket can be used */
const TICKET_AGE = 30_000

export interface Tickets {
  create(caller: Ticket): Promise<{ ticket: string; expiresAt: string; cursor: string }>
  /** Whom a ticket stands for, once. Rejects with `ticket-invalid`. */
  redeem(ticket: string): Promise<Caller>
}

/** Tickets let a browser, which cannot send Authorization with a WebSocket, open one stream without a token in its URL. */
export function createTickets({
  store,
  clock,
  ofTicket,
}: {
  store: Pick<Store, 'tickets' | 'log'>
  clock: Clock
  /** whom one stands for, unless who made it is no longer anybody */
  ofTicket: (ticket: Ticket) => Promise<Caller | undefined>
}): Tickets {
  return {
    async create(caller) {
      const ticket = `sgt_${randomBytes(24).toString('base64url')}`
      const expiresAt = new Date(clock.now() + TICKET_AGE).toISOString()
      const cursor = await store.log.end(caller.session)
      await store.tickets.put(tokenHash(ticket), caller, TICKET_AGE)
      return { ticket, expiresAt, cursor }
    },
    async redeem(ticket) {
      const taken = await store.tickets.take(tokenHash(ticket))
      const caller = taken && (await ofTicket(taken))
      if (!caller) throw new Problem('ticket-invalid', 'The ticket is unknown, used or expired.')
      return caller
    },
  }
}
