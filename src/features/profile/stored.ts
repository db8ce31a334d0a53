/** Where cards and pictures are kept: at nodes of the account, or in its vcard-temp. Runs on the owner. */
import { Problem, stanzaProblem } from '../../errors/problem.ts'

import type { LiveSession } from '../../gateway/contract/session.ts'
import { VCARD_TEMP, VCARD4 } from '../../protocol/namespaces.ts'
import { child, type Element, element, elements } from '../../xml/element.ts'
import type { Home } from '../discovery.ts'
import { askPlainly, publish, readItem, unlessRefused } from '../pep.ts'

/** the node of XEP-0292, and its one item */
const NODE = 'urn:xmpp:vcard4'
const ITEM = 'current'
/** the server makes one form of the other (XEP-0398) */
const CONVERSION = 'urn:xmpp:pep-vcard-conversion:0'

export const converts = ({ features }: Home): boolean => features.includes(CONVERSION)

export async function readVcard4(session: LiveSession, from?: string): Promise<Element | undefined> {
  const found = await readItem(session, { node: NODE, from })
  return found?.name === 'vcard' && found.xmlns === VCARD4 ? found : undefined
}

export const writeVcard4 = (session: LiveSession, payload: Element) => publish(session, { node: NODE, id: ITEM, payload })

/** An empty one where there is none yet. Rejects as `iq` does. */
export async function readVcardTemp(session: LiveSession, to?: string): Promise<Element> {
  const payload = element('vCard', VCARD_TEMP)
  const answer = await askPlainly(session, { type: 'get', payload, ...(to !== undefined && { to }) })
  return child(answer, 'vCard', VCARD_TEMP) ?? payload
}

/** Undefined where the server has no such thing. */
export async function ownVcardTemp(session: LiveSession): Promise<Element | undefined> {
  return await readVcardTemp(session).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'xmpp-item-not-found') return element('vCard', VCARD_TEMP)
    return unlessRefused(error)
  })
}

export async function writeVcardTemp(session: LiveSession, payload: Element): Promise<void> {
  await askPlainly(session, { type: 'set', payload })
}

/** Of an account whose server has no place for it: xmpp-feature-not-implemented. */
export const nowhere = (what: 'profile' | 'avatar') =>
  stanzaProblem({ type: 'cancel', condition: 'feature-not-implemented', text: `The account's server keeps no ${what}.` })

export const isEmpty = (card: Element): boolean => elements(card).every((one) => elements(one).length === 0 && one.children.length === 0)
