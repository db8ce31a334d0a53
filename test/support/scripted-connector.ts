/** XMPP connections without a wire, moved by the test: for what the core does at each turn of a stream. */
import { setImmediate as turn } from 'node:timers/promises'
import { Problem } from '../../src/errors/problem.ts'
import type { StreamState } from '../../src/gateway/ports/change.ts'
import type { Connection, ConnectionEvents, ConnectionSpec, Connector } from '../../src/gateway/ports/connection.ts'
import { CLIENT, type Element, element } from '../../src/xml/element.ts'
import { parseStanza } from '../../src/xml/parse.ts'

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
  /** the server counts so many stanzas of the present stream: all that were written unless told */
  ack(count?: number): void
  /** lets the client receive a stanza */
  receive(xml: string): void
  /** the link breaks: the state it goes to; `refused`: what the server said of what was written */
  drop(state?: 'backoff' | 'resuming', refused?: string): void
  /** the stream goes on: of what was written on it, so many stanzas arrived */
  resume(h: number): void
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
    /** on the present stream, what a resume did not bring left out */
    let written: string[] = []
    let counted = 0
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
        written = []
        counted = 0
        await events.bound(full, [])
        events.state('online', { reason: null, jid: full })
      },
      ack(count = position) {
        counted = count
        events.acked(count)
      },
      receive(xml) {
        received += 1
        events.stanza(parseStanza(xml), received)
      },
      drop(state = 'backoff', refused) {
        bound = false
        events.state(state, { reason: 'connection-lost' })
        if (state === 'backoff') events.lost(null, refused)
      },
      resume(h) {
        bound = true
        const uncounted = written.splice(h)
        position = h
        counted = h
        events.resumed(h, uncounted)
        events.state('online', { reason: null, jid: jid as string, resumed: true })
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
        written.push(xml)
        position += 1
        if (stanza.name === 'iq' && stanza.attributes.to === undefined && stanza.attributes.type !== 'result')
          queueMicrotask(() => scripted.receive(`<iq type="result" id="${stanza.attributes.id}"/>`))
        return { position, written: Promise.resolve() }
      },
      // all but messages are counted as soon as that is asked
      isQuiet() {
        const message = written.findIndex((xml, index) => index >= counted && xml.startsWith('<message'))
        const all = message === -1 ? position : message
        if (all > counted) queueMicrotask(() => scripted.ack(all))
        return counted === position
      },
      stored(count) {
        scripted.stored = count
      },
      snapshot: (): StreamState | null => null,
      ping: async () => {},
      transit: () => 0,
      received: () => 0,
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
    async beforeLogIn() {
      throw new Error('This server has no stream for strangers.')
    },
    async verify() {
      await turn()
      if (connector.verdict) throw connector.verdict
    },
    async close() {},
  }
  return connector
}

export const chat = (to: string, id: string) => element('message', CLIENT, { to, id, type: 'chat' }, [element('body', CLIENT, {}, [id])])
