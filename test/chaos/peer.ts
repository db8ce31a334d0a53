/** The far side: a client of its own make that sends numbered messages, notes what it gets, and comes back whenever its server does. */
import { setTimeout as delay } from 'node:timers/promises'
import { child, childText, type Element, elements } from '../../src/stanza/element.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { bodyOf, type History, numbered } from './history.ts'

/** ms between tries while the server is away */
const AGAIN = 200
/** ms that the server may take over a ping */
const PING_WITHIN = 10_000
/** ms for one page of an archive */
const PAGE_WITHIN = 30_000

const MAM = 'urn:xmpp:mam:2'

export interface PeerOptions {
  server: XmppServer
  name: string
  password: string
  history: History
}

export interface Peer {
  readonly jid: string
  /** Sends the next messages of the conversation; resolves when the server surely has them, whatever happens meanwhile. */
  write(to: string, count: number): Promise<void>
  stop(): Promise<void>
}

export async function startPeer({ server, name, password, history }: PeerOptions): Promise<Peer> {
  const jid = `${name}@${server.domain}`
  const conversation = `in ${name}`
  let client = await connect()
  let written = 0
  let stopped = false
  const kept = keep()

  function connect(): Promise<Client> {
    return startClient({ server, jid, password, hear })
  }

  function hear(stanza: Element): boolean {
    if (stanza.name !== 'message') return false
    const message = numbered(childText(stanza, 'body'))
    const { id = '' } = stanza.attributes
    if (message && stanza.attributes.type !== 'error') history.arrived.push({ ...message, id, at: performance.now(), source: 'live' })
    return true
  }

  async function keep(): Promise<void> {
    while (!stopped) {
      await client.closed
      await client.kill()
      while (!stopped) {
        try {
          client = await connect()
          break
        } catch {
          await delay(AGAIN)
        }
      }
    }
  }

  /** An answer to a ping proves that the server took all that came before it on this stream. */
  async function taken(by: Client): Promise<boolean> {
    const lost = by.closed.then(() => false)
    const answered = by.request({ type: 'get', to: server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" }, PING_WITHIN)
    return await Promise.race([
      lost,
      answered.then(
        () => true,
        () => false,
      ),
    ])
  }

  return {
    jid,
    async write(to, count) {
      const messages = Array.from({ length: count }, (_, index) => {
        const message = { conversation, number: written + index + 1 }
        return { ...message, id: bodyOf(message).replaceAll(' ', '-') }
      })
      written += count
      while (!stopped) {
        const by = client
        for (const message of messages)
          by.send(`<message to='${to}' type='chat' id='${message.id}'><body>${bodyOf(message)}</body></message>`)
        if (await taken(by)) {
          const at = performance.now()
          history.held.push(...messages.map((message) => ({ ...message, at })))
          return
        }
        await delay(AGAIN)
      }
    },
    async stop() {
      stopped = true
      await client.stop()
      await kept
      await client.kill()
    },
  }
}

/** All that the archive of an account holds, oldest first. */
export async function readArchive({ server, name, password }: Omit<PeerOptions, 'history'>): Promise<Element[]> {
  const found: Element[] = []
  const jid = `${name}@${server.domain}`
  const hear = (stanza: Element) => {
    const result = child(stanza, 'result', MAM)
    const message =
      result &&
      elements(result)
        .flatMap(elements)
        .find((one) => one.name === 'message')
    if (message) found.push(message)
    return result !== undefined
  }
  const client = await startClient({ server, jid, password, presence: false, hear })
  try {
    for (let after = ''; ; ) {
      const place = after === '' ? '' : `<after>${after}</after>`
      const set = `<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>${place}</set>`
      const answer = await client.request({ type: 'set', payload: `<query xmlns='${MAM}'>${set}</query>` }, PAGE_WITHIN)
      const fin = child(answer, 'fin', MAM)
      if (!fin) throw new Error(`No archive of ${jid}: ${JSON.stringify(answer)}`)
      const page = elements(fin)[0]
      after = (page && childText(page, 'last')) ?? ''
      if (fin.attributes.complete === 'true' || after === '') return found
    }
  } finally {
    await client.stop()
  }
}

/** Adds to a history what the archives hold of its conversations. */
export async function addArchives(
  history: History,
  { server, session, peers, password }: { server: XmppServer; session: string; peers: readonly string[]; password: string },
): Promise<void> {
  const at = performance.now()
  const messages = async (name: string, direction: 'in' | 'out') =>
    (await readArchive({ server, name, password })).flatMap((stanza) => {
      const message = numbered(childText(stanza, 'body'))
      return message?.conversation.startsWith(direction) ? [{ ...message, id: stanza.attributes.id ?? '', at }] : []
    })
  history.held.push(...(await messages(session, 'in')))
  for (const name of peers) for (const arrival of await messages(name, 'out')) history.arrived.push({ ...arrival, source: 'archive' })
}
