/** Pages of lists whose keys are held whole: the key of the last item is the way to the next page. */
import { z } from 'zod'
import { invalidRequest } from '../errors/refusals.ts'

/** items of a page unless the caller says another limit */
const PAGE = 100

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).optional().meta({ description: 'Items of a page, default 100' }),
  after: z.string().optional().meta({ description: '`page.next` of the page before' }),
}

interface PageQuery {
  limit?: number
  after?: string
}

/** where a page is in its list */
const place = z
  .object({ next: z.string().optional(), complete: z.boolean().meta({ description: 'Nothing is left after this page' }) })
  .meta({ id: 'Page' })

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    page: place,
  })
}

/** The page of a list of keys, which are sorted here (UTF-16 code units). */
export function page(keys: readonly string[], { limit = PAGE, after }: PageQuery) {
  const past = after === undefined ? undefined : decode(after)
  const rest = keys.filter((key) => past === undefined || key > past).sort()
  const data = rest.slice(0, limit)
  const last = data.at(-1)
  const complete = data.length === rest.length
  return { data, page: { ...(complete || last === undefined ? {} : { next: encode(last) }), complete } }
}

/** The page of a list that is held whole, in the order of what tells its items apart. */
export function pageBy<Item>(items: readonly Item[], query: PageQuery, keyOf: (item: Item) => string) {
  const byKey = new Map(items.map((item) => [keyOf(item), item]))
  const { data, ...rest } = page([...byKey.keys()], query)
  return { data: data.flatMap((key) => byKey.get(key) ?? []), ...rest }
}

/** The key of what is listed by age, those made first at first. */
export const byAge = ({ createdAt, id }: { createdAt: number; id: string }) => `${String(createdAt).padStart(16, '0')} ${id}`

function encode(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function decode(after: string): string {
  const key = Buffer.from(after, 'base64url').toString()
  if (encode(key) === after) return key
  throw invalidRequest('query.after', 'is not a page.next', { detail: 'The cursor is not one of this list.' })
}
