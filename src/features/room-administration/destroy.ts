import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { jid } from '../../jid.ts'
import { mucOwner } from '../../protocol/xep0045.ts'
import { ask } from '../asking.ts'
import { namedRoom } from '../named-room.ts'
import { REASON_MAX } from './affiliations.ts'

export function destroyOperation(vocabulary: Translator): Operation {
  return operation({
    id: 'rooms.destroy',
    method: 'POST',
    path: '/rooms/{room}/destroy',
    summary: 'Destroy a room',
    description: 'For its owners. Everybody is out of it then, and told why and where to go.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema }),
    body: z
      .strictObject({
        reason: z.string().max(REASON_MAX).optional(),
        alternate: jidScalar.schema.optional().meta({ description: 'Another room, to go to' }),
      })
      .meta({ id: 'RoomEnd' })
      .optional(),
    answers: { 204: { description: 'It is no more' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { body: { plainly: {}, moved: { reason: 'We have moved', alternate: 'mantua@conference.example.com' } } },
    async run(call) {
      const { reason, alternate } = call.body ?? {}
      const where = alternate === undefined ? {} : { jid: jid(alternate, 'body.alternate') }
      const payload = vocabulary.writeAs(mucOwner, { destroy: { ...where, ...(reason !== undefined && { reason }) } })
      await ask(call, { type: 'set', to: namedRoom(call.params.room), payload })
      return { status: 204 }
    },
  })
}
