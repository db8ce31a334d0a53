/** One request for each thing that a service or the account's server has to do, and what is said where that lacks it, or never answers. */
import type { RequestOptions } from '../support/gateway.ts'

export interface ServiceRequest {
  method: string
  path: string
  options: RequestOptions
  /** it is for no session */
  isForNone?: boolean
  /** code of the problem; default xmpp-service-unavailable, and xmpp-timeout */
  lacking?: string
  /** null: there is none, since it is found out in another way what became of it */
  silent?: string | null
}

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=', 'base64')

/** `account`: bare JID; `at`: domain and service. */
export function serviceRequests({ account, at }: { account: string; at: { domain: string; service: string } }): ServiceRequest[] {
  const friend = `juliet@${at.domain}`
  const { domain: jid } = at
  const of = (path: string, options: RequestOptions = {}) => ({ path, options })
  const node = { query: { node: 'urn:example:drafts' } }
  const xml = "<draft xmlns='urn:example:drafts'/>"
  const nowhere = { lacking: 'xmpp-feature-not-implemented' }
  const noUpload = { lacking: 'upload-unavailable', silent: 'upload-unavailable' }
  const png = { body: PNG, headers: { 'content-type': 'image/png' } }
  const affiliations = [{ jid: friend, affiliation: 'publisher' }]
  return [
    { method: 'POST', ...of('/uploads', { ...png, query: { fileName: 'a.png' } }), ...noUpload },
    { method: 'POST', ...of('/uploads/slots', { body: { fileName: 'a.png', size: 1 } }), ...noUpload },
    { method: 'GET', ...of('/disco/info', { query: { jid } }) },
    { method: 'GET', ...of('/disco/items', { query: { jid } }) },
    { method: 'GET', ...of('/capabilities', { query: { jid: friend } }) },
    { method: 'GET', ...of('/profile'), ...nowhere },
    { method: 'PUT', ...of('/profile', { body: { nick: 'Romeo' } }) },
    { method: 'GET', ...of(`/profiles/${friend}`) },
    { method: 'GET', ...of('/profile/avatar'), ...nowhere },
    { method: 'PUT', ...of('/profile/avatar', png), ...nowhere },
    { method: 'DELETE', ...of('/profile/avatar'), ...nowhere },
    { method: 'GET', ...of('/blocklist') },
    { method: 'PUT', ...of(`/blocklist/${friend}`) },
    { method: 'DELETE', ...of(`/blocklist/${friend}`) },
    { method: 'DELETE', ...of('/blocklist', { query: { all: 'true' } }) },
    { method: 'GET', ...of('/pubsub/items', node) },
    { method: 'POST', ...of('/pubsub/items', { ...node, body: { xml } }) },
    { method: 'POST', ...of('/pubsub/items', { ...node, body: { xml, options: { accessModel: 'whitelist' } } }) },
    { method: 'DELETE', ...of('/pubsub/items', { query: { ...node.query, id: 'one' } }) },
    { method: 'GET', ...of('/pubsub/nodes', node) },
    { method: 'PUT', ...of('/pubsub/nodes', { ...node, body: {} }) },
    { method: 'PATCH', ...of('/pubsub/nodes', { ...node, body: { values: { title: 'Drafts' } } }) },
    { method: 'DELETE', ...of('/pubsub/nodes', node) },
    { method: 'GET', ...of('/pubsub/subscriptions', node) },
    { method: 'PUT', ...of('/pubsub/subscriptions', { ...node, body: {} }) },
    { method: 'DELETE', ...of('/pubsub/subscriptions', node) },
    { method: 'GET', ...of('/pubsub/affiliations', node) },
    { method: 'PATCH', ...of('/pubsub/affiliations', { ...node, body: { affiliations } }) },
    { method: 'POST', ...of('/pubsub/purge', node) },
    { method: 'GET', ...of('/commands', { query: { jid } }) },
    { method: 'POST', ...of('/commands', { body: { jid, node: 'announce' } }) },
    { method: 'GET', ...of('/registration', { query: at }), isForNone: true, ...nowhere },
    { method: 'POST', ...of('/registration', { body: { ...at, username: 'tybalt', password: 'x' } }), isForNone: true, ...nowhere },
    { method: 'PUT', ...of('/registration/password', { body: { password: 'put-up-your-swords' } }), silent: null },
    { method: 'DELETE', ...of('/registration', { body: { jid: account } }) },
    { method: 'POST', ...of('/push', { body: { jid: 'push.example.com', node: 'phone' } }) },
    { method: 'DELETE', ...of('/push', { query: { jid: 'push.example.com' } }) },
    { method: 'PUT', ...of(`/chats/${friend}/displayed`, { body: { id: 'one', stanzaId: '1' } }) },
  ]
}
