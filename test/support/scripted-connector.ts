/** XMPP connections without a wire, moved by the test: for what the core does at each turn of a stream. */
import { setImmediate as turn } from 'node:timers/promises'
import { Problem } from '../../src/errors.ts'
import type { Connection, ConnectionEvents, ConnectionSpec, Connector, StreamState } from '../../src/gateway/ports.ts'
import { CLIENT, type Element, element } from '../../src/stanza/element.ts'
import { parseStanza } from '../../src/stanza/parse.ts'

export interface ScriptedConnection {
  spec: ConnectionSpec
  events: ConnectionEvents
  /** what was written on the present stream, in order */
  sent: Element[]
  /** the position handed to `stored` last */
  stored: number
  closed: boolean
  /** binds a new stream and goes online; iqs of the bind are answered with an empty result */
  bind(jid?: string): Promise<void>
  /** lets the client receive a stanza */
  receive(xml: string): void
  /** the link breaks: the state it goes to */
  drop(state?: 'backoff' | 'resuming'): void
}

export interface ScriptedConnector extends Connector {
  connections: ScriptedConnection[]
  /** what the next verifications do */
  verdict: Problem | undefined
  connection(index: number): ScriptedConnection
}

export function createScriptedConnector(): ScriptedConnector {
  const connections: ScriptedConnection[] = []

  function open(spec: ConnectionSpec, events: ConnectionEvents): Connection {
    let jid: string | null = null
    let bound = false
    let received = 0
    let position = 0
    const scripted: ScriptedConnection = {
      spec,
      events,
      sent: [],
      stored: 0,
      closed: false,
      async bind(full = `${spec.jid}/${spec.resource}`) {
        jid = full
        bound = true
        received = 0
        position = 0
        scripted.sent = []
        await events.bound(full, [])
        events.state('online', { reason: null, jid: full })
      },
      receive(xml) {
        received += 1
        events.stanza(parseStanza(xml), received)
      },
      drop(state = 'backoff') {
        bound = false
        events.state(state, { reason: 'connection-lost' })
        if (state === 'backoff') events.lost(null)
      },
    }
    connections.push(scripted)
    const connection: Connection = {
      get jid() {
        return jid
      },
      state: 'connecting',
      managed: true,
      send(xml) {
        if (!bound) throw new Problem('session-offline', 'not bound')
        const stanza = parseStanza(xml)
        scripted.sent.push(stanza)
        position += 1
        if (stanza.name === 'iq' && stanza.attributes.to === undefined && stanza.attributes.type !== 'result')
          queueMicrotask(() => scripted.receive(`<iq type="result" id="${stanza.attributes.id}"/>`))
        return { position, written: Promise.resolve() }
      },
      isQuiet: () => true,
      stored(count) {
        scripted.stored = count
      },
      snapshot: (): StreamState | null => null,
      ping: async () => {},
      async close() {
        scripted.closed = true
        bound = false
      },
      async abandon() {
        scripted.closed = true
        bound = false
        return null
      },
    }
    return connection
  }

  const connector: ScriptedConnector = {
    connections,
    verdict: undefined,
    open,
    connection: (index) => connections[index] as ScriptedConnection,
    async verify() {
      await turn()
      if (connector.verdict) throw connector.verdict
    },
    async close() {},
  }
  return connector
}

export const chat = (to: string, id: string) => element('message', CLIENT, { to, id, type: 'chat' }, [element('body', CLIENT, {}, [id])])
