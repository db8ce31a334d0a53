import type { AnyCall } from './calls.ts'

export interface GivenTicket {
  ticket: string
  /** where the log ended when it was made */
  cursor?: string
}

/** A ticket as text, or as `POST /tickets` answered: with the cursor in it not even what happens before the first connection is missed. */
export type TicketSource = () => Promise<string | GivenTicket> | string | GivenTicket

/** Gets a ticket: from whoever the client was told to ask, else with its own token. */
export function createTickets({ getTicket, call }: { getTicket: TicketSource | undefined; call: AnyCall }) {
  return async (session: string | undefined, signal: AbortSignal | undefined): Promise<GivenTicket> => {
    const ticket = getTicket ? await getTicket() : await call('tickets.create', { session }, { signal })
    return typeof ticket === 'string' ? { ticket } : (ticket as GivenTicket)
  }
}

export type Tickets = ReturnType<typeof createTickets>

export const socketUrl = (url: string, query: Readonly<Record<string, unknown>>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return `${url.replace(/^http/, 'ws')}/events?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))}`
}
