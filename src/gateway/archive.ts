import { Problem } from '../errors.ts'
import { CLIENT, child, childText, type Element, element, elements } from '../stanza/element.ts'
import type { Patience } from './correlate.ts'
import type { Archived, ArchivePage, ArchiveQuery, LiveSession } from './feature.ts'
import { newIqId } from './ids.ts'
import { isOfAccount } from './provenance.ts'

const MAM = 'urn:xmpp:mam:2'
const RSM = 'http://jabber.org/protocol/rsm'
const FORWARD = 'urn:xmpp:forward:0'
const DELAY = 'urn:xmpp:delay'
const FORMS = 'jabber:x:data'

export interface Archive {
  /** One page of the own archive (XEP-0313, paged by XEP-0059). Rejects with the server's problem; `xmpp-item-not-found`: the id is not (any more) there. */
  page(query: ArchiveQuery, options: Patience & { signal?: AbortSignal }): Promise<ArchivePage>
  /** true when the message was an archive result, whether it was asked for or forged */
  take(message: Element): boolean
}

/** Results count only from the own account and for a query that is open (XEP-0313 section 6.1). */
export function createArchive({ session, onForged }: { session: LiveSession; onForged: (kind: string) => void }): Archive {
  const open = new Map<string, { items: Archived[]; limit: number }>()

  return {
    async page({ limit, ...query }, options) {
      const queryid = newIqId(session.record.id)
      const collected = { items: [] as Archived[], limit }
      open.set(queryid, collected)
      try {
        const answer = await session.iq({ type: 'set', payload: request(queryid, limit, query) }, options)
        const fin = child(answer, 'fin', MAM)
        if (!fin) throw new Problem('xmpp-undefined-condition', 'The archive gave no end of the page.')
        const set = child(fin, 'set', RSM)
        // some name no places, and the messages have them
        const first = (set && childText(set, 'first')) || collected.items[0]?.id
        const last = (set && childText(set, 'last')) || collected.items.at(-1)?.id
        return {
          items: collected.items,
          complete: fin.attributes.complete === 'true' || fin.attributes.complete === '1',
          ...(first ? { first } : {}),
          ...(last ? { last } : {}),
        }
      } finally {
        open.delete(queryid)
      }
    },

    take(message) {
      const result = child(message, 'result', MAM)
      if (!result) return false
      const { queryid = '', id = '' } = result.attributes
      const collected = open.get(queryid)
      const forwarded = child(result, 'forwarded', FORWARD)
      const stanza = forwarded && elements(forwarded).find(({ name, xmlns }) => name === 'message' && xmlns === CLIENT)
      // a server that sends more than was asked for is not followed
      if (!collected || !stanza || !isOfAccount(message, session.record.jid) || collected.items.length >= collected.limit)
        onForged('archive')
      else collected.items.push({ id, stamp: child(forwarded, 'delay', DELAY)?.attributes.stamp ?? '', stanza })
      return true
    },
  }
}

function request(queryid: string, limit: number, { after, before, ...filter }: Omit<ArchiveQuery, 'limit'>): Element {
  const field = (name: string, value: string) => element('field', FORMS, { var: name }, [element('value', FORMS, {}, [value])])
  const fields = Object.entries(filter).map(([name, value]) => field(name, value))
  const form = element('x', FORMS, { type: 'submit' }, [
    element('field', FORMS, { var: 'FORM_TYPE', type: 'hidden' }, [element('value', FORMS, {}, [MAM])]),
    ...fields,
  ])
  const place = (name: string, value: string | undefined) => (value === undefined ? undefined : element(name, RSM, {}, [value]))
  const set = element('set', RSM, {}, [element('max', RSM, {}, [`${limit}`]), place('after', after), place('before', before)])
  return element('query', MAM, { queryid }, [fields.length > 0 ? form : undefined, set])
}
