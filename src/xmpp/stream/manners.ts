/** What a client and a component do each in its own way on a stream that is up. */
import { sameAccount } from '../../folded-jid.ts'
import { PING } from '../../protocol/namespaces.ts'
import { CLIENT, type Element, element } from '../../xml/element.ts'

export interface Manners {
  /** asks the server for a sign of life (XEP-0199) */
  ping(domain: string, id: string): Element
  /** Does a stanza with the id of a ping show that it came to the server? `own`: the JID of the stream. */
  isPong(stanza: Element, whose: { domain: string; own: string }): boolean
  /** The last of all, with a word where there is one. */
  farewell(status: string): Element | undefined
}

const isAnswer = ({ attributes: { type } }: Element) => type === 'result' || type === 'error'

/** It asks its own server, and is unavailable when it goes. */
const ofClient: Manners = {
  ping: (domain, id) => element('iq', CLIENT, { type: 'get', id, to: domain }, [element('ping', PING)]),
  isPong(stanza, { domain, own }) {
    const { from } = stanza.attributes
    return isAnswer(stanza) && (from === undefined || sameAccount(from, domain) || sameAccount(from, own))
  },
  farewell(status) {
    const said = status === '' ? [] : [element('status', CLIENT, {}, [status])]
    return element('presence', CLIENT, { type: 'unavailable' }, said)
  },
}

/**
 * It does not know what its server is called: it asks itself, and the server brings that back. Streams are processed in order, so
 * what was written before has come to the server by then. Others go by what they are told before the stream ends.
 */
const ofComponent: Manners = {
  ping: (domain, id) => element('iq', CLIENT, { type: 'get', id, from: domain, to: domain }, [element('ping', PING)]),
  isPong: ({ attributes: { from } }, { domain }) => from !== undefined && sameAccount(from, domain),
  farewell: () => undefined,
}

export const mannersOf = ({ component }: { component?: true | undefined }): Manners => (component ? ofComponent : ofClient)
