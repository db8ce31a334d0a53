import { z } from 'zod'
import type { EventType } from '../../gateway/contract/operation.ts'
import type { EventDraft } from '../../gateway/ports/event.ts'
import { leftReasons } from '../room-state.ts'
import { occupantSchema } from './room-json.ts'

const room = z.string().meta({ description: 'The bare JID of the room' })
const failure = z.looseObject({ code: z.string(), detail: z.string() })
const told = <Shape extends z.ZodRawShape>(shape: Shape) => z.looseObject({ room, ...shape })
const occupant = occupantSchema.partial().extend({ room, nick: z.string() })

/** What happens in rooms, by type. */
const types: Record<string, [description: string, schema: z.ZodType]> = {
  'room.joined': [
    'The session is in the room. `again`: it was before.',
    told({ nick: z.string(), created: z.boolean().optional(), again: z.boolean().optional() }),
  ],
  'room.left': [
    'The session is not in the room any more. After `lost`, `shutdown` and `error` it comes back by itself.',
    told({ reason: z.enum(leftReasons), by: z.string().optional(), text: z.string().optional(), alternate: z.string().optional() }),
  ],
  'room.failed': ['The room could not be joined.', told({ error: failure })],
  'room.subject': [
    'The room has another subject, or none.',
    told({ subject: z.string().optional(), by: z.string().optional(), at: z.string() }),
  ],
  'room.config-changed': ['The room was configured.', told({ codes: z.array(z.int()).meta({ description: 'Status codes of XEP-0045' }) })],
  'room.destroyed': ['The room is no more.', told({ text: z.string().optional(), alternate: z.string().optional() })],
  'room.occupant-joined': ['Somebody came into the room.', occupant],
  'room.occupant-left': [
    'Somebody left the room.',
    occupant.extend({ reason: z.enum(leftReasons), by: z.string().optional(), text: z.string().optional() }),
  ],
  'room.occupant-changed': ['Role, affiliation or presence of somebody in the room changed.', occupant],
  'room.nick-changed': ['Somebody in the room has another nick.', told({ from: z.string(), to: z.string(), own: z.boolean() })],
}

export const roomEvents: readonly EventType[] = Object.entries(types).map(([type, [description, schema]]) => ({
  type,
  description,
  schema,
}))

/** Something that happened in a room; `data` has its address. */
export const roomEvent = (type: string, jid: string, data: object = {}): EventDraft => ({
  type,
  subject: jid,
  data: { room: jid, ...data },
})

/** The same of what is not kept long: who comes and goes. */
export const volatileRoomEvent = (type: string, jid: string, data: object): EventDraft => ({
  ...roomEvent(type, jid, data),
  volatile: true,
})
