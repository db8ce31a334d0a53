/** What belongs to somebody (XEP-0030), page by page. */
import { invalidRequest } from '../errors/refusals.ts'
import type { SessionCall } from '../gateway/contract/operation.ts'
import { DISCO_ITEMS, RSM } from '../protocol/namespaces.ts'
import { child, childText, type Element, element, elements } from '../xml/element.ts'
import { ask } from './asking.ts'

/** items of a page unless the caller says another limit */
const PAGE = 100

interface Wanted {
  node?: string
  limit?: number
  after?: string
}

/** Rejects with the problem of an error, and with invalid-request for a place that is none. */
export async function itemsOf(call: Pick<SessionCall, 'session' | 'signal'>, to: string, { node, limit = PAGE, after }: Wanted) {
  const place = after === undefined ? undefined : placeOf(after)
  const paging = element('set', RSM, {}, [
    element('max', RSM, {}, [String(limit)]),
    place?.last === undefined ? undefined : element('after', RSM, {}, [place.last]),
  ])
  const query = element('query', DISCO_ITEMS, { node }, [paging])
  return pageFrom((await ask(call, { type: 'get', to, payload: query })) ?? query, { limit, from: place?.from ?? 0 })
}

/** A page of the entity, or where it does not page, one of all that it told. */
function pageFrom(query: Element, { limit, from }: { limit: number; from: number }) {
  const items = elements(query).filter(({ name, xmlns }) => name === 'item' && xmlns === DISCO_ITEMS)
  const data = items.flatMap(({ attributes: { jid, node, name } }) =>
    jid === undefined ? [] : [{ jid, ...(node !== undefined && { node }), ...(name !== undefined && { name }) }],
  )
  const set = child(query, 'set', RSM)
  if (!set) {
    const next = from + limit
    const complete = data.length <= next
    return { data: data.slice(from, next), page: { ...(complete ? {} : { next: encode(`#${next}`) }), complete } }
  }
  const last = childText(set, 'last')
  const count = Number(childText(set, 'count') ?? Number.NaN)
  const index = Number(child(set, 'first')?.attributes.index ?? Number.NaN)
  const complete =
    last === undefined || items.length === 0 || (Number.isNaN(count + index) ? items.length < limit : index + items.length >= count)
  return { data, page: { ...(complete ? {} : { next: encode(`=${last}`) }), complete } }
}

const encode = (place: string) => Buffer.from(place).toString('base64url')

/** Where a page begins: after an item of the entity's own paging, or at a number. */
function placeOf(after: string): { last?: string; from?: number } {
  const place = Buffer.from(after, 'base64url').toString()
  if (encode(place) === after && place.startsWith('=')) return { last: place.slice(1) }
  if (encode(place) === after && /^#\d{1,9}$/.test(place)) return { from: Number(place.slice(1)) }
  throw invalidRequest('query.after', 'is not a page.next', { detail: 'The cursor is not one of this list.' })
}
