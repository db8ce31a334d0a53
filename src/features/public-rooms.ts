/** The public rooms of a service (XEP-0045 section 6.3). */
import { z } from 'zod'
import type { SessionCall } from '../gateway/contract/operation.ts'
import { jid } from '../jid.ts'
import { itemsOf } from './entity-items.ts'

export const publicRoom = z
  .object({ room: z.string(), name: z.string().optional().meta({ description: 'As the service shows it; some add how many are in it' }) })
  .meta({ id: 'PublicRoom' })

/** A page of them. Rejects with jid-malformed, and with the service's problem. */
export async function publicRooms(
  call: Pick<SessionCall, 'session' | 'signal'>,
  service: { jid: string; path: string },
  wanted: { limit?: number; after?: string },
) {
  const { data, page } = await itemsOf(call, jid(service.jid, service.path), wanted)
  // a server has services, which are no rooms
  const rooms = data.filter((item) => item.jid.includes('@'))
  return { data: rooms.map(({ jid: room, name }) => ({ room, ...(name !== undefined && { name }) })), page }
}
