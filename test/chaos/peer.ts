/** The far side: a client of its own make that sends numbered messages, notes what it gets, and comes back whenever its server does. */
import { setTimeout as delay } from 'node:timers/promises'
import { child, childText, type Element, elements } from '../../src/xml/element.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { bodyOf, type History, numbered, type Sighting } from './history.ts'

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
  /** all that the archive of its account holds, oldest first */
  archive(): Promise<readonly Element[]>
  stop(): Promise<void>
}

export async function startPeer({ server, name, password, history }: PeerOptions): Promise<Peer> {
  const jid = `${name}@${server.domain}`
  const conversation = `in ${name}`
  let client = await connect()
  let written = 0
  let stopped = false
  const archived: Element[] = []
  const kept = keep()

  function connect(): Promise<Client> {
    return startClient({ server, jid, password, hear })
  }

  function hear(stanza: Element): boolean {
    if (stanza.name !== 'message') return false
    if (collect(stanza, archived)) return true
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
    async archive() {
      archived.length = 0
      await askArchive(client)
      return archived
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
export async function readArchive({ server, name, password }: Omit<PeerOptions, 'history'>): Promise<readonly Element[]> {
  const archived: Element[] = []
  const jid = `${name}@${server.domain}`
  const client = await startClient({ server, jid, password, presence: false, hear: (stanza) => collect(stanza, archived) })
  try {
    await askArchive(client)
    return archived
  } finally {
    await client.stop()
  }
}

/** Keeps the message of an archive result; false for any other stanza. */
function collect(stanza: Element, into: Element[]): boolean {
  const result = child(stanza, 'result', MAM)
  if (!result) return false
  into.push(
    ...elements(result)
      .flatMap(elements)
      .filter(({ name }) => name === 'message'),
  )
  return true
}

async function askArchive(client: Client): Promise<void> {
  for (let after = ''; ; ) {
    const place = after === '' ? '' : `<after>${after}</after>`
    const set = `<set xmlns='http://jabber.org/protocol/rsm'><max>100</max>${place}</set>`
    const answer = await client.request({ type: 'set', payload: `<query xmlns='${MAM}'>${set}</query>` }, PAGE_WITHIN)
    const fin = child(answer, 'fin', MAM)
    if (!fin) throw new Error(`No archive: ${JSON.stringify(answer)}`)
    const page = elements(fin)[0]
    after = (page && childText(page, 'last')) ?? ''
    if (fin.attributes.complete === 'true' || after === '') return
  }
}

/** Messages of one direction in an archive, as they were seen there now. */
export function sightings(archived: readonly Element[], direction: 'in' | 'out'): Sighting[] {
  const at = performance.now()
  return archived.flatMap((stanza) => {
    const message = numbered(childText(stanza, 'body'))
    return message?.conversation.startsWith(direction) ? [{ ...message, id: stanza.attributes.id ?? '', at }] : []
  })
}
