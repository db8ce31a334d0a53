/** The JIDs of a list of blocked ones (XEP-0191). */
import { type Element, elements } from '../../xml/element.ts'

/** In the order of the list, each once; items without a JID are left out. */
export function jidsOf(list: Element | undefined): string[] {
  const items = list ? elements(list).filter(({ name, xmlns }) => name === 'item' && xmlns === list.xmlns) : []
  return [...new Set(items.flatMap(({ attributes: { jid } }) => (jid ? [jid] : [])))]
}
