import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { pageOf, pageQuery } from '../../api/page.ts'
import { jid } from '../../codec/scalars.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { publicRoom, publicRooms } from '../public-rooms.ts'

export function searchOperation(): Operation {
  return operation({
    id: 'rooms.search',
    method: 'GET',
    path: '/services/rooms/{service}',
    summary: 'List the public rooms of a service',
    description: 'The same as `GET /rooms?service=`.',
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params: z.object({ service: jid.schema }),
    query: z.strictObject(pageQuery),
    answers: { 200: { description: 'As the service shows them', schema: pageOf(publicRoom) } },
    problems: ['jid-malformed', ...ofIqs],
    examples: { 200: { one: { data: [{ room: 'verona@conference.example.com', name: 'Verona' }], page: { complete: true } } } },
    async run(call) {
      const service = { jid: call.params.service, path: 'params.service' }
      return { status: 200, body: await publicRooms(call, service, call.query) }
    },
  })
}
