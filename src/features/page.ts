/** Pages of lists that are held whole: sorted by a key, the key of the last item is the way to the next page. */
import { z } from 'zod'
import { Problem } from '../errors.ts'

/** items of a page unless the caller says another limit */
const PAGE = 100

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).optional().meta({ description: 'Items of a page, 100 unless told' }),
  after: z.string().optional().meta({ description: '`page.next` of the page before' }),
}

export interface PageQuery {
  limit?: number
  after?: string
}

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    page: z.object({ next: z.string().optional(), complete: z.boolean().meta({ description: 'Nothing is left after this page' }) }),
  })
}

/** The page of `items`, which are in the order of their keys (UTF-16 code units). */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, { limit = PAGE, after }: PageQuery) {
  const past = after === undefined ? undefined : decode(after)
  const rest = past === undefined ? items : items.filter((item) => keyOf(item) > past)
  const data = rest.slice(0, limit)
  const last = data.at(-1)
  const complete = data.length === rest.length
  return { data, page: { ...(complete || last === undefined ? {} : { next: encode(keyOf(last)) }), complete } }
}

export const byKey =
  <T>(keyOf: (item: T) => string) =>
  (one: T, other: T): number =>
    keyOf(one) < keyOf(other) ? -1 : 1

function encode(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function decode(after: string): string {
  const key = Buffer.from(after, 'base64url').toString()
  if (encode(key) === after) return key
  throw new Problem('invalid-request', 'The cursor is not one of this list.', {
    errors: [{ path: 'query.after', message: 'is not a page.next' }],
  })
}
