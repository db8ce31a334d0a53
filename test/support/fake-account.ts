/** The server's side of a whole session, for tests that are about what the gateway makes of its answers. */
import { type Element, elements } from '../../src/xml/element.ts'
import { toBound } from './fake-log-in.ts'
import type { Peer } from './fake-server.ts'

export interface FakeAccountOptions {
  /** What is answered to an iq, by the namespace of its payload; undefined: nothing. An empty result where the namespace is not here. */
  answers?: Readonly<Record<string, (iq: Element) => string | undefined>>
  /** hears each stanza that is no iq */
  heard?: (stanza: Element) => void
}

export const ROSTER = 'jabber:iq:roster'
export const CARBONS = 'urn:xmpp:carbons:2'
export const MAM = 'urn:xmpp:mam:2'

/** Whoever was asked answers. */
const addressOf = ({ attributes: { id = '', to } }: Element) => `id='${id}'${to === undefined ? '' : ` from='${to}'`}`
export const result = (iq: Element, payload = '') => `<iq type='result' ${addressOf(iq)}>${payload}</iq>`
export const refusal = (iq: Element, condition = 'service-unavailable', type = 'cancel') =>
  `<iq type='error' ${addressOf(iq)}><error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`
export const roster = (iq: Element, items: string) => result(iq, `<query xmlns='${ROSTER}'>${items}</query>`)

/** Logs in, then answers until the client goes. Without another word it has an empty roster and no archive. */
export async function serveAccount(peer: Peer, { answers = {}, heard = () => {} }: FakeAccountOptions = {}): Promise<void> {
  await toBound(peer)
  const all: NonNullable<typeof answers> = { [ROSTER]: (iq: Element) => roster(iq, ''), [MAM]: (iq: Element) => refusal(iq), ...answers }
  let count = 0
  for (;;) {
    const element = await peer.next().catch(() => undefined)
    if (element === undefined) return
    if (element.name === 'r') peer.write(`<a xmlns='urn:xmpp:sm:3' h='${count}'/>`)
    if (element.xmlns !== 'jabber:client') continue
    count += 1
    const { type } = element.attributes
    if (element.name !== 'iq') heard(element)
    else if (type === 'get' || type === 'set') {
      const answer = all[elements(element)[0]?.xmlns ?? ''] ?? result
      const xml = answer(element)
      if (xml !== undefined) peer.write(xml)
    }
  }
}
