import { elementOf } from '../../codec/alone.ts'
import { Problem } from '../../errors/problem.ts'
import { comparable } from '../../jid.ts'
import { DELAY, FORWARD, MAM, RSM } from '../../protocol/namespaces.ts'
import { archiveQuery } from '../../protocol/xep0313.ts'
import { CLIENT, child, childText, type Element, elements } from '../../xml/element.ts'
import type { Archived, ArchivePage, ArchiveQuery, LiveSession } from '../contract/session.ts'
import { newIqId } from '../ids.ts'
import type { Patience } from '../session/iq-correlator.ts'
import type { Reports } from '../session/reports.ts'
import { sizeOf } from '../size.ts'
import { isOfAccount } from './provenance.ts'

/** Characters of a page, whatever its limit: those furthest from where it began are left for the next. One message whatever its size. */
const PAGE_SIZE = 4 * 1024 * 1024

export interface Archive {
  /** One page of an archive (XEP-0313, paged by XEP-0059). Rejects with the server's problem; `xmpp-item-not-found`: the id is not (any more) there. */
  page(query: ArchiveQuery, options: Patience & { signal?: AbortSignal }): Promise<ArchivePage>
  /** true when the message was an archive result, whether it was asked for or forged */
  take(message: Element): boolean
}

/** What came of a page. */
interface Page {
  /** whose archive it is, comparable; absent: the own one */
  of: string | undefined
  items: Archived[]
  sizes: number[]
  size: number
  /** of all that came */
  count: number
  limit: number
  backwards: boolean
  /** some of it was left out */
  isCut: boolean
}

function add(page: Page, item: Archived): void {
  page.count += 1
  const size = sizeOf(item.stanza)
  const { items, sizes } = page
  // going on it ends before this one, going back after what it began with
  if (!page.backwards && (page.isCut || (items.length > 0 && page.size + size > PAGE_SIZE))) {
    page.isCut = true
    return
  }
  items.push(item)
  sizes.push(size)
  page.size += size
  while (page.size > PAGE_SIZE && items.length > 1) {
    items.shift()
    page.size -= sizes.shift()!
    page.isCut = true
  }
}

/** Is it told by the archive that was asked? */
const isFromArchive = (message: Element, { of }: Page, own: string): boolean =>
  of === undefined ? isOfAccount(message, own) : comparable(message.attributes.from ?? '') === of

interface ArchiveContext {
  session: Pick<LiveSession, 'record' | 'iq'>
  reports: Pick<Reports, 'forged' | 'full'>
}

/** Results count only from the own account and for a query that is open (XEP-0313 section 6.1). */
export const createArchive = (context: ArchiveContext): Archive => new ArchiveOfSession(context)

/** A class because each session has one, and there are thousands of sessions. */
class ArchiveOfSession implements Archive {
  readonly #context: ArchiveContext
  #open: Map<string, Page> | undefined

  constructor(context: ArchiveContext) {
    this.#context = context
  }

  async page({ limit, of, ...query }: ArchiveQuery, options: Patience & { signal?: AbortSignal }): Promise<ArchivePage> {
    const { session, reports } = this.#context
    const queryid = newIqId(session.record.id)
    const collected: Page = { of, items: [], sizes: [], size: 0, count: 0, limit, backwards: query.before !== undefined, isCut: false }
    this.#open ??= new Map()
    this.#open.set(queryid, collected)
    try {
      const to = of === undefined ? {} : { to: of }
      const answer = await session.iq({ type: 'set', ...to, payload: request(queryid, limit, query) }, options)
      const fin = child(answer, 'fin', MAM)
      if (!fin) throw new Problem('xmpp-undefined-condition', 'The archive gave no end of the page.')
      const set = child(fin, 'set', RSM)
      // some name no places, and the messages have them
      const { items, backwards, isCut } = collected
      if (isCut) reports.full('archive-page')
      const named = (end: 'first' | 'last', isOurs: boolean) => (isOurs ? undefined : set && childText(set, end))
      const first = named('first', isCut && backwards) || items[0]?.id
      const last = named('last', isCut && !backwards) || items.at(-1)?.id
      return {
        items,
        complete: !isCut && (fin.attributes.complete === 'true' || fin.attributes.complete === '1'),
        ...(first ? { first } : {}),
        ...(last ? { last } : {}),
      }
    } finally {
      this.#open?.delete(queryid)
      if (this.#open?.size === 0) this.#open = undefined
    }
  }

  take(message: Element): boolean {
    const { session, reports } = this.#context
    const result = child(message, 'result', MAM)
    if (!result) return false
    const { queryid = '', id = '' } = result.attributes
    const collected = this.#open?.get(queryid)
    const forwarded = child(result, 'forwarded', FORWARD)
    const stanza = forwarded && elements(forwarded).find(({ name, xmlns }) => name === 'message' && xmlns === CLIENT)
    // a server that sends more than was asked for is not followed
    if (!collected || !stanza || !isFromArchive(message, collected, session.record.jid) || collected.count >= collected.limit)
      reports.forged('archive')
    else add(collected, { id, stamp: child(forwarded, 'delay', DELAY)?.attributes.stamp ?? '', stanza })
    return true
  }
}

function request(queryId: string, max: number, { after, before, ...filter }: Omit<ArchiveQuery, 'limit' | 'of'>): Element {
  const fields = Object.entries(filter).map(([name, value]) => ({ name, values: [value] }))
  const form = { type: 'submit' as const, fields: [{ name: 'FORM_TYPE', type: 'hidden' as const, values: [MAM] }, ...fields] }
  const place = { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) }
  return elementOf(archiveQuery, { queryId, ...(fields.length > 0 ? { form } : {}), paging: { max, ...place } })
}
