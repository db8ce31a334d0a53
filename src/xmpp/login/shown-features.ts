import { BIND } from '../../protocol/namespaces.ts'
import { child, type Element, elements } from '../../xml/element.ts'
import { SM } from '../stream/stream-management.ts'
import { FAST, SASL, SASL2, type Sasl } from './sasl.ts'

const BIND2 = 'urn:xmpp:bind:0'

/**
 * What the library is shown of the features: SASL2 or SASL with the one mechanism that was chosen, later the bind. TLS is done
 * before it, stream management is not its own, and compression is never taken.
 */
export function shownFeatures(
  offered: Element,
  { authenticated, sasl2, tokens, sasl }: { authenticated: boolean; sasl2: boolean; tokens: boolean; sasl: Sasl },
): Element {
  const show = (children: Element[]) => ({ ...offered, children })
  if (authenticated) return show(elements(offered).filter(({ xmlns }) => xmlns === BIND))
  const modern = sasl2 ? child(offered, 'authentication', SASL2) : undefined
  const classic = child(offered, 'mechanisms', SASL)
  if (modern === undefined) return show(classic === undefined ? [] : [sasl.choose(classic, offered)])
  const inline = (offer: Element) => {
    if (offer.xmlns === FAST && tokens) return [sasl.chooseToken(offer)]
    return offer.xmlns === BIND2 || offer.xmlns === SM ? [offer] : []
  }
  const chosen = sasl.choose(modern, offered)
  const children = elements(chosen).map((node) => (node.name === 'inline' ? { ...node, children: elements(node).flatMap(inline) } : node))
  return show([{ ...chosen, children }])
}
