/** Pages of an archive (XEP-0313) as callers read them: of the account, or of a room. */
import { z } from 'zod'
import type { Translator } from '../codec/translate.ts'
import { Problem } from '../errors/problem.ts'
import { invalidRequest } from '../errors/refusals.ts'
import type { Answer } from '../gateway/contract/operation.ts'
import type { Archived, ArchiveQuery, Command, LiveSession, SessionHandle } from '../gateway/contract/session.ts'
import { sizeOf } from '../gateway/size.ts'
import { derivedText } from '../protocol/meaning.ts'
import { reparse } from '../xml/parse.ts'
import { serialize } from '../xml/serialize.ts'

/** ms that the server may take for a page, and longer where it is on its way still; and ms for all that a caller's page takes */
const WITHIN = { timeout: 30_000, most: 120_000 }
/** messages asked of the server at one time: many give no more */
const SERVER_PAGE = 50
const PAGE = 100
/** characters after which a caller's page ends, whatever its limit */
const SIZE = 4 * 1024 * 1024

export interface Collected {
  items: { id: string; stamp: string; xml: string }[]
  complete: boolean
}

/** Asks the server for pages until the caller's one is full. */
export async function collect(
  session: LiveSession,
  { limit, ...place }: ArchiveQuery,
  options: { signal?: AbortSignal },
): Promise<Collected> {
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

/** which page a caller asks for */
export const placeQuery = {
  after: z.string().min(1).optional().meta({ description: '`page.next` of another page' }),
  before: z.string().optional().meta({ description: '`page.prev` of another page; empty for the last page' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: `Messages of a page, default ${PAGE}` }),
}

const archived = z.looseObject({ source: z.literal('archive'), archived: z.object({ id: z.string(), at: z.string() }) }).meta({
  id: 'ArchivedMessage',
  description: 'A message as the archive has it: the stanza, and under which id and when it was archived',
})

export const archivePage = z.object({
  data: z.array(archived),
  page: z.object({ next: z.string().optional(), prev: z.string().optional(), complete: z.boolean() }),
})

interface Reading {
  session: SessionHandle
  vocabulary: Translator
  signal: AbortSignal
  query: { after?: string; before?: string; limit?: number }
  /** whose archive, and what of it */
  of?: Pick<ArchiveQuery, 'of' | 'with'>
}

/** A page, read by `list` where the session lives. Rejects with cursor-invalid, and with the archive's problem. */
export async function readArchive(
  list: Command<ArchiveQuery, Collected>,
  { session, vocabulary, signal, query, of = {} }: Reading,
): Promise<Answer> {
  if (query.after !== undefined && query.before !== undefined)
    throw invalidRequest('query.before', 'excludes query.after', { detail: 'A page is after one place or before one, not both.' })
  const { items, complete } = await page(() =>
    session.perform(list, { ...query, ...of, limit: query.limit ?? PAGE }, { timeout: WITHIN.most, signal, repeatable: true }),
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
