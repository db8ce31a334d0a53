/** The history that the account's own server keeps (XEP-0313), page by page. */
import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { type ArchiveQuery, defineCommand } from '../../gateway/contract/session.ts'
import { soughtJid } from '../../jid.ts'
import { archivePage, type Collected, collect, placeQuery, readArchive } from '../archive-pages.ts'

const listMessages = defineCommand<ArchiveQuery, Collected>({ name: 'messages.list' })

export const archiveCommands = [listMessages.by(collect)]

export function archiveOperation(vocabulary: Translator): Operation {
  return operation({
    id: 'messages.list',
    method: 'GET',
    path: '/messages',
    summary: 'Read the history',
    description:
      "Messages sent and received by any client of the account, from the server's own archive, oldest first. Pages go on with `after=<page.next>`, back with `before=<page.prev>`; `before=` alone gives the last page. A page ends after some MiB, whatever its limit.",
    scope: 'messages:read',
    session: 'named',
    query: z.strictObject({
      with: jid.schema.optional().meta({ description: 'Only the conversation with this JID' }),
      ...placeQuery,
    }),
    answers: {
      200: {
        description: 'A page of the history',
        schema: archivePage,
      },
    },
    problems: ['cursor-invalid', 'jid-malformed', ...ofIqs],
    examples: {
      200: {
        'the last page': {
          data: [
            {
              from: 'juliet@example.com/balcony',
              to: 'romeo@example.com',
              id: 'b4c1',
              type: 'chat',
              body: 'Good night, good night!',
              text: 'Good night, good night!',
              source: 'archive',
              archived: { id: '1743501600118-1', at: '2026-05-01T10:00:00Z' },
            },
          ],
          page: { prev: '1743501600118-1', complete: false },
        },
      },
    },
    async run({ session, query, signal }) {
      const { with: other, ...place } = query
      const of = other === undefined ? {} : { with: soughtJid(other, 'query.with') }
      return await readArchive(listMessages, { session, vocabulary, signal, query: place, of })
    },
  })
}
