/** Who is in a room. */
import { z } from 'zod'
import { operation } from '../../api/operation.ts'
import { page, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { accountOf } from '../../jid.ts'
import { occupants } from '../room-state.ts'
import { knownRoom } from './known.ts'
import { occupantJson, occupantSchema } from './room-json.ts'

export function occupantsOperation(): Operation {
  return operation({
    id: 'rooms.occupants',
    method: 'GET',
    path: '/rooms/{room}/occupants',
    summary: 'Read who is in a room',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema }),
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'The occupants, by nick; empty while the session is not in the room', schema: pageOf(occupantSchema) } },
    problems: ['jid-malformed', 'room-not-found'],
    examples: {
      200: {
        two: {
          data: [
            { nick: 'juliet', occupantId: 'dd72603deec90a38', role: 'participant', affiliation: 'none', presence: { show: 'away' } },
            { nick: 'romeo', occupantId: '8a3b1c', role: 'moderator', affiliation: 'owner', presence: {} },
          ],
          page: { complete: true },
        },
      },
    },
    async run({ session, params, query }) {
      const { jid } = await knownRoom(session, params.room)
      const keys = (await session.stateKeys(occupants)).filter((key) => accountOf(key) === jid)
      const { data, ...rest } = page(keys, query)
      const known = await session.state(occupants, data)
      // one may have left meanwhile
      const there = data.flatMap((key) => known.get(key) ?? [])
      return { status: 200, body: { data: there.map(occupantJson), ...rest } }
    },
  })
}
