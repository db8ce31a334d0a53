import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { stanzaProblem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { MODERATION, MODERATION_0 } from '../../protocol/namespaces.ts'
import { discoInfo } from '../../protocol/xep0030.ts'
import { moderation, oldModeration } from '../../protocol/xep0425.ts'
import { ask } from '../asking.ts'
import { namedRoom } from '../named-room.ts'
import { REASON_MAX } from './affiliations.ts'

export function moderateOperation(vocabulary: Translator): Operation {
  return operation({
    id: 'rooms.moderate',
    method: 'DELETE',
    path: '/rooms/{room}/messages/{stanzaId}',
    summary: "Take somebody's message away from a room (XEP-0425)",
    description: 'For its moderators; 501 where the room cannot do it. `stanzaId` is the id that the room gave the message.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jid.schema, stanzaId: z.string().min(1) }),
    query: z.strictObject({ reason: z.string().max(REASON_MAX).optional() }),
    answers: { 204: { description: 'The room has told all to take it away' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: {},
    async run(call) {
      const room = namedRoom(call.params.room)
      const info = vocabulary.readAs(discoInfo, await ask(call, { type: 'get', to: room, payload: vocabulary.writeAs(discoInfo, {}) }))
      const { stanzaId: id } = call.params
      const what = { retract: true, ...call.query } as const
      const can = (feature: string) => info?.features?.includes(feature) === true
      if (can(MODERATION)) await ask(call, { type: 'set', to: room, payload: vocabulary.writeAs(moderation, { id, ...what }) })
      else if (can(MODERATION_0))
        await ask(call, { type: 'set', to: room, payload: vocabulary.writeAs(oldModeration, { id, moderate: what }) })
      else {
        const text = 'The room has no moderated retraction (XEP-0425).'
        throw stanzaProblem({ type: 'cancel', condition: 'feature-not-implemented', text })
      }
      return { status: 204 }
    },
  })
}
