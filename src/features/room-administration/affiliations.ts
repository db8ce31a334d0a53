import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageBy, pageOf, pageQuery } from '../../api/page.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { isBare, jid } from '../../jid.ts'
import { namedRoom } from '../named-room.ts'
import { affiliationsOf, listed, setAffiliation } from '../room-affiliations.ts'
import { affiliations } from '../room-state.ts'

/** characters of a reason */
export const REASON_MAX = 1_000

const entry = z
  .object({
    jid: z.string(),
    affiliation: z.enum(listed),
    nick: z.string().optional().meta({ description: 'A nick that is kept for them' }),
    role: z.string().optional().meta({ description: 'Where they are in the room now' }),
    reason: z.string().optional(),
  })
  .meta({ id: 'RoomAffiliation' })

/** Who is what in a room, whether they are there or not. */
export function affiliationOperations(vocabulary: Translator): Operation[] {
  const list = operation({
    id: 'rooms.affiliations',
    method: 'GET',
    path: '/rooms/{room}/affiliations',
    summary: 'List the owners, admins, members and banned of a room',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema }),
    query: z.strictObject({ affiliation: z.enum(listed).optional().meta({ description: 'These alone; default all' }), ...pageQuery }),
    answers: { 200: { description: 'By JID', schema: pageOf(entry) } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { 200: { 'an owner': { data: [{ jid: 'romeo@example.com', affiliation: 'owner' }], page: { complete: true } } } },
    async run(call) {
      const { affiliation, ...query } = call.query
      const found = await affiliationsOf(call, vocabulary, namedRoom(call.params.room), affiliation && [affiliation])
      return { status: 200, body: pageBy([...found.values()], query, ({ jid }) => jid) }
    },
  })

  const set = operation({
    id: 'rooms.setAffiliation',
    method: 'PUT',
    path: '/rooms/{room}/affiliations/{jid}',
    summary: 'Make somebody an owner, admin or member of a room, ban them, or take that back',
    description: '`outcast` is banned, `none` is nobody in particular. The room says what the account may do.',
    scope: 'rooms:write',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema, jid: jidScalar.schema }),
    body: z
      .strictObject({
        affiliation: z.enum(affiliations),
        reason: z.string().max(REASON_MAX).optional(),
        nick: z.string().min(1).optional().meta({ description: 'A nick to keep for them' }),
      })
      .meta({ id: 'RoomAffiliationChange' }),
    answers: { 204: { description: 'It is so now' } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { body: { 'a member': { affiliation: 'member' }, 'a ban': { affiliation: 'outcast', reason: 'Spam' } } },
    async run(call) {
      const room = namedRoom(call.params.room)
      await setAffiliation(call, vocabulary, room, { jid: bareAddress(call.params.jid, 'params.jid'), ...call.body })
      return { status: 204 }
    },
  })

  return [list, set]
}

/** A person, or a whole domain. Throws jid-malformed. */
function bareAddress(text: string, path: string): string {
  const address = jid(text, path)
  if (isBare(address)) return address
  const errors = [{ path, message: 'must be a bare JID' }]
  throw new Problem('jid-malformed', 'An affiliation is that of a bare JID, whatever the resource.', { errors })
}
