/** The items of a node, page by page: by result sets (XEP-0059) where the service has them, else out of all that it gives. */
import type { Translator } from '../../codec/translate.ts'
import { Problem } from '../../errors/problem.ts'
import type { SessionCall } from '../../gateway/contract/operation.ts'
import { discoItems } from '../../protocol/xep0030.ts'
import { request } from '../../protocol/xep0060.ts'
import { ask } from '../asking.ts'

/** items asked for at one time: what one answer may hold is bounded */
const SERVICE_PAGE = 100

interface Where {
  node: string
  to?: string
}

interface Item {
  id?: string
  publisher?: string
  content?: Record<string, unknown>
}

interface ItemPage {
  items: Item[]
  /** absent: nothing is left */
  next?: string
}

type Asking = Pick<SessionCall, 'session' | 'signal'>

/** Rejects with cursor-invalid, and with the problem of the service. */
export async function readItems(
  call: Asking,
  vocabulary: Translator,
  where: Where,
  { limit, after, id }: { limit: number; after?: string; id?: string },
): Promise<ItemPage> {
  if (id !== undefined) return { items: await byIds(call, vocabulary, where, [id]) }
  const items: Item[] = []
  let place = after
  for (;;) {
    const page = await ofService(call, vocabulary, where, { max: Math.min(SERVICE_PAGE, limit - items.length), after: place })
    if (page === 'all of them are too large')
      return await byNames(call, vocabulary, where, { limit, ...(after !== undefined && { after }) })
    if ('all' in page) return cut(page.all, { limit, ...(after !== undefined && { after }) })
    items.push(...page.items)
    if (page.next === undefined || items.length >= limit) return { items, ...(page.next !== undefined && { next: page.next }) }
    place = page.next
  }
}

/** One page of a service that has pages; of another one all there is, or that they are more than what is read. */
async function ofService(
  call: Asking,
  vocabulary: Translator,
  { node, to }: Where,
  { max, after }: { max: number; after: string | undefined },
): Promise<ItemPage | { all: Item[] } | 'all of them are too large'> {
  const paging = { max, ...(after !== undefined && { after }) }
  const payload = vocabulary.writeAs(request, { items: { node, items: [] }, paging })
  const answer = await ask(call, { type: 'get', payload, ...(to !== undefined && { to }) }).catch(unlessTooLarge)
  if (answer === 'too large') return 'all of them are too large'
  const { items, paging: set } = vocabulary.readAs(request, answer) ?? {}
  const all: Item[] = items?.items ?? []
  if (set === undefined) return { all }
  const { last, count, firstIndex = 0 } = set
  const isLast = all.length === 0 || (count === undefined ? all.length < max : firstIndex + all.length >= count)
  return { items: all, ...(!isLast && last !== undefined && { next: last }) }
}

/** A page of items that are all there. */
function cut(all: readonly Item[], { limit, after }: { limit: number; after?: string }): ItemPage {
  const from =
    after === undefined
      ? 0
      : placeAfter(
          all.map(({ id }) => id),
          after,
        )
  const items = all.slice(from, from + limit)
  const last = items.at(-1)?.id
  return { items, ...(from + limit < all.length && last !== undefined && { next: last }) }
}

/** The names of all items, and of a page of them the items themselves (XEP-0060 section 5.5). */
async function byNames(
  call: Asking,
  vocabulary: Translator,
  { node, to = call.session.record.jid }: Where,
  { limit, after }: { limit: number; after?: string },
): Promise<ItemPage> {
  const answer = await ask(call, { type: 'get', to, payload: vocabulary.writeAs(discoItems, { node, items: [] }) })
  const names = vocabulary.readAs(discoItems, answer)?.items?.flatMap(({ name }) => name ?? []) ?? []
  const from = after === undefined ? 0 : placeAfter(names, after)
  const wanted = names.slice(from, from + limit)
  const items: Item[] = []
  for (let start = 0; start < wanted.length; start += SERVICE_PAGE)
    items.push(...(await byIds(call, vocabulary, { node, to }, wanted.slice(start, start + SERVICE_PAGE))))
  const last = wanted.at(-1)
  return { items, ...(from + limit < names.length && last !== undefined && { next: last }) }
}

async function byIds(call: Asking, vocabulary: Translator, { node, to }: Where, ids: readonly string[]): Promise<Item[]> {
  const payload = vocabulary.writeAs(request, { items: { node, items: ids.map((id) => ({ id })) } })
  const answer = await ask(call, { type: 'get', payload, ...(to !== undefined && { to }) })
  return vocabulary.readAs(request, answer)?.items?.items ?? []
}

function placeAfter(ids: readonly (string | undefined)[], after: string): number {
  const at = ids.indexOf(after)
  if (at < 0) throw new Problem('cursor-invalid', 'The node does not have this item (any more).')
  return at + 1
}

function unlessTooLarge(thrown: unknown): 'too large' {
  if (thrown instanceof Problem && thrown.code === 'stanza-too-large') return 'too large'
  throw thrown
}
