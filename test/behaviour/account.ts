/** An account that is online through the gateway, and the other side of it, as the tests of this folder need them. */

import type { Element } from '../../src/xml/element.ts'
import { elements, text } from '../../src/xml/element.ts'
import type { EventStream } from '../support/event-stream.ts'
import type { Fleet } from '../support/fleet.ts'
import type { HttpAnswer, RequestOptions, TestGateway } from '../support/gateway.ts'
import type { Cell } from '../support/matrix.ts'
import type { Client, ClientOptions } from '../support/second-client.ts'
import { startClient } from '../support/second-client.ts'

export const PASSWORD = 'neither-a-borrower-nor-a-lender-be'

export interface Account {
  id: string
  /** bare JID */
  jid: string
  /** full JID that the server bound */
  full: string
  token: string
  // biome-ignore lint/suspicious/noExplicitAny: the session as JSON
  session: any
  /** everything that happens to it from now on */
  events: EventStream
  /** a request for this session, by API key and `?session=` */
  api(method: string, path: string, options?: RequestOptions): Promise<HttpAnswer>
  /** `POST /messages`; throws unless it was accepted */
  say(to: string, body: string, more?: object): Promise<string>
  close(): Promise<void>
}

/** Names for `users` of a cell. */
export function users(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, PASSWORD]))
}

export async function openAccount({ server, gateway }: Cell, name: string, more: object = {}): Promise<Account> {
  const session = await gateway.login({ jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service, ...more })
  const events = gateway.events({ session: session.id })
  await events.opened
  const api: Account['api'] = (method, path, options = {}) =>
    gateway.api(method, path, { ...options, query: { session: session.id, ...options.query } })
  return {
    id: session.id,
    jid: session.jid,
    full: session.connections[0].jid,
    token: session.token,
    session,
    events,
    api,
    async say(to, body, more = {}) {
      const answer = await api('POST', '/messages', { body: { to, body, ...more } })
      if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`)
      return answer.body.id
    },
    async close() {
      events.socket.terminate()
      await gateway.api('DELETE', `/sessions/${session.id}`)
    },
  }
}

/** A client as people have one: it asks for the roster, so that its server tells it all about subscriptions, then sends presence. */
export async function openClient({ server }: Cell, name: string, more: Partial<ClientOptions> = {}): Promise<Client> {
  const client = await startClient({ server, jid: `${name}@${server.domain}`, password: PASSWORD, ...more, presence: false })
  await client.request({ type: 'get', payload: "<query xmlns='jabber:iq:roster'/>" })
  const { presence = 0 } = more
  if (presence !== false) client.send(typeof presence === 'string' ? presence : `<presence><priority>${presence}</priority></presence>`)
  return client
}

export const isMessage = (element: Element) => element.name === 'message'
export const isPresence = (element: Element) => element.name === 'presence'

/** The first child of that name, in any namespace. */
export function inner(element: Element | undefined, name: string): Element | undefined {
  return element && elements(element).find((child) => child.name === name)
}

export function textOf(element: Element, name: string): string | undefined {
  const found = inner(element, name)
  return found && text(found)
}

/** Runs what must have no effect, then proves by a message that came after it that nothing else did. */
export const withBody = (body: string) => (element: Element) => isMessage(element) && textOf(element, 'body') === body

/** Looks again until it is so; for what no event tells. */
export async function until<T>(look: () => Promise<T | undefined | false>, ms = 5_000): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error('It is not so in time')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** Makes a client see the presence of an account, and waits until it does. */
export async function watch(account: Account, client: Client): Promise<void> {
  const bare = client.jid.split('/')[0] as string
  client.send(`<presence to='${account.jid}' type='subscribe'/>`)
  await account.events.next((one) => one.type === 'subscription.requested' && one.subject === bare)
  await account.api('POST', '/presence', { body: { to: bare, type: 'subscribed' } })
  await client.next((one) => isPresence(one) && one.attributes.from === account.full && one.attributes.type === undefined)
}

/** What a client saw of the presence of an account since `watch`. */
export const presencesOf = (client: Client, { full }: Account) =>
  client.stanzas.filter(({ element }) => isPresence(element) && element.attributes.from === full).map(({ xml }) => xml)

/** Waits until a session is online on another instance than the one named, as `asked` says; answers which. */
export const onlineElsewhere = (fleet: Fleet, asked: TestGateway, session: string, than: string, ms: number): Promise<string> =>
  until(async () => {
    const { instance, state } = await fleet.instanceOf(session, asked)
    return state === 'online' && instance !== than && instance
  }, ms)
