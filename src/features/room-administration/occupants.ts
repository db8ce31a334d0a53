import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { mucAdmin } from '../../protocol/xep0045.ts'
import { ask } from '../asking.ts'
import { namedRoom } from '../named-room.ts'
import { nickOf, type Role, roles } from '../room-state.ts'
import { REASON_MAX } from './affiliations.ts'

const params = z.object({ room: jidScalar.schema, nick: z.string().min(1) })
const reason = z.string().max(REASON_MAX).optional()

/** What somebody may do in a room while they are there. */
export function occupantOperations(vocabulary: Translator): Operation[] {
  const role = ({ room, nick }: z.infer<typeof params>, what: { role: Role; reason?: string }) => {
    const to = namedRoom(room)
    const item = { nick: nickOf(jid(`${to}/${nick}`, 'params.nick')) ?? nick, ...what }
    return { type: 'set', to, payload: vocabulary.writeAs(mucAdmin, { items: [item] }) } as const
  }

  const setRole = operation({
    id: 'rooms.setRole',
    method: 'PUT',
    path: '/rooms/{room}/occupants/{nick}',
    summary: 'Give an occupant of a room another role',
    description: 'A `participant` may speak where a `visitor` may not; a `moderator` may do this. `none` is a kick.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    body: z.strictObject({ role: z.enum(roles), reason }).meta({ id: 'RoomRoleChange' }),
    answers: { 204: { description: 'They have it now' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { body: { voice: { role: 'participant' }, 'no voice': { role: 'visitor', reason: 'Too loud' } } },
    async run(call) {
      await ask(call, role(call.params, call.body))
      return { status: 204 }
    },
  })

  const kick = operation({
    id: 'rooms.kick',
    method: 'DELETE',
    path: '/rooms/{room}/occupants/{nick}',
    summary: 'Throw an occupant out of a room',
    description: 'They may come back; to prevent that, ban them.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params,
    query: z.strictObject({ reason }),
    answers: { 204: { description: 'They are out' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {},
    async run(call) {
      await ask(call, role(call.params, { role: 'none', ...call.query }))
      return { status: 204 }
    },
  })

  return [setRole, kick]
}
