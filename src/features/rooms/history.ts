/** What was said in a room, from its own archive. */
import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid as jidScalar } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { type ArchiveQuery, defineCommand } from '../../gateway/contract/session.ts'
import { archivePage, type Collected, collect, placeQuery, readArchive } from '../archive-pages.ts'
import { knownRoom } from './known.ts'

const listRoomMessages = defineCommand<ArchiveQuery, Collected>({ name: 'rooms.messages' })

export const historyCommand = listRoomMessages.by(collect)

export function historyOperation({ vocabulary }: { vocabulary: Translator }): Operation {
  return operation({
    id: 'rooms.messages',
    method: 'GET',
    path: '/rooms/{room}/messages',
    summary: 'Read what was said in a room',
    description: "From the room's own archive, oldest first, in pages as of `GET /messages`.",
    scope: 'rooms:read',
    session: 'named',
    components: 'generic',
    params: z.object({ room: jidScalar.schema }),
    query: z.strictObject(placeQuery),
    answers: { 200: { description: 'A page', schema: archivePage } },
    problems: ['cursor-invalid', 'jid-malformed', 'room-not-found', ...ofIqs],
    examples: {
      200: {
        'the last page': {
          data: [
            {
              from: 'verona@conference.example.com/juliet',
              type: 'groupchat',
              body: 'Good night!',
              text: 'Good night!',
              source: 'archive',
              archived: { id: '1743501600118-1', at: '2026-05-01T10:00:00Z' },
            },
          ],
          page: { prev: '1743501600118-1', complete: false },
        },
      },
    },
    async run({ session, params, query, signal }) {
      const { jid } = await knownRoom(session, params.room)
      return await readArchive(listRoomMessages, { session, vocabulary, signal, query, of: { of: jid } })
    },
  })
}
