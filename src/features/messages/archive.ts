/** The history that the account's own server keeps (XEP-0313), page by page. */
import { z } from 'zod'
import { ofIqs } from '../../api/declared.ts'
import { operation } from '../../api/operation.ts'
import { jid } from '../../codec/scalars.ts'
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { Operation } from '../../gateway/contract/operation.ts'
import { type Archived, type ArchiveQuery, defineCommand, type LiveSession } from '../../gateway/contract/session.ts'
import { sizeOf } from '../../gateway/size.ts'
import { soughtJid } from '../../jid.ts'
import { derivedText } from '../../protocol/meaning.ts'
import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'

/** ms that the server may take for a page, and longer where it is on its way still; and ms for all that a caller's page takes */
const WITHIN = { timeout: 30_000, most: 120_000 }
/** messages asked of the server at one time: many give no more */
const SERVER_PAGE = 50
const PAGE = 100
/** characters after which a caller's page ends, whatever its limit */
const SIZE = 4 * 1024 * 1024

interface Collected {
  items: { id: string; stamp: string; xml: string }[]
  complete: boolean
}

/** Asks the server for pages until the caller's one is full. */
async function collect(session: LiveSession, { limit, ...place }: ArchiveQuery, options: { signal?: AbortSignal }): Promise<Collected> {
  const deadline = AbortSignal.timeout(WITHIN.most)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  const backwards = place.before !== undefined
  let items: Archived[] = []
  let size = 0
  let from = place
  for (;;) {
    const wanted = Math.min(SERVER_PAGE, limit - items.length)
    const page = await session.archive({ ...from, limit: wanted }, { ...WITHIN, signal })
    items = backwards ? [...page.items, ...items] : [...items, ...page.items]
    const next = backwards ? page.first : page.last
    for (const { stanza } of page.items) size += sizeOf(stanza)
    if (size >= SIZE || page.complete || next === undefined || page.items.length === 0 || items.length >= limit)
      return { items: items.map(({ stanza, ...rest }) => ({ ...rest, xml: serialize(stanza, '') })), complete: page.complete }
    from = { ...place, ...(backwards ? { before: next } : { after: next }) }
  }
}

const listMessages = defineCommand<ArchiveQuery, Collected>({ name: 'messages.list' })

export const archiveCommands = [listMessages.by(collect)]

export function archiveOperation(vocabulary: Translator): Operation {
  const item = z.looseObject({ source: z.literal('archive'), archived: z.object({ id: z.string(), at: z.string() }) }).meta({
    id: 'ArchivedMessage',
    description: 'A message as the archive has it: the stanza, and under which id and when it was archived',
  })

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
      after: z.string().min(1).optional().meta({ description: '`page.next` of another page' }),
      before: z.string().optional().meta({ description: '`page.prev` of another page; empty for the last page' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1000)
        .optional()
        .meta({ description: `Messages of a page, default ${PAGE}` }),
    }),
    answers: {
      200: {
        description: 'A page of the history',
        schema: z.object({
          data: z.array(item),
          page: z.object({ next: z.string().optional(), prev: z.string().optional(), complete: z.boolean() }),
        }),
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
      if (query.after !== undefined && query.before !== undefined)
        throw invalidRequest('query.before', 'excludes query.after', { detail: 'A page is after one place or before one, not both.' })
      const other = query.with === undefined ? {} : { with: soughtJid(query.with, 'query.with') }
      const { items, complete } = await page(() =>
        session.perform(
          listMessages,
          { ...query, ...other, limit: query.limit ?? PAGE },
          { timeout: WITHIN.most, signal, repeatable: true },
        ),
      )
      const first = items[0]?.id
      const last = items.at(-1)?.id
      const backwards = query.before !== undefined
      return {
        status: 200,
        body: {
          data: items.map(({ id, stamp, xml }) => messageJson(vocabulary, id, stamp, xml)),
          page: {
            ...(last !== undefined && (backwards ? query.before !== '' : !complete) ? { next: last } : {}),
            ...(first !== undefined && (backwards ? !complete : query.after !== undefined) ? { prev: first } : {}),
            complete,
          },
        },
      }
    },
  })
}

/** The archive says item-not-found for a place that it does not know. */
async function page(ask: () => Promise<Collected>): Promise<Collected> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Problem && error.code === 'xmpp-item-not-found')
      throw new Problem('cursor-invalid', 'The archive does not know this place (any more).', { cause: error })
    throw error
  }
}

function messageJson(vocabulary: Translator, id: string, at: string, xml: string): Record<string, unknown> {
  const { json } = vocabulary.read(reparse(xml))
  const text = derivedText(json)
  return { ...json, ...(text === undefined ? {} : { text }), source: 'archive', archived: { id, at } }
}
