/** Connectors and scripted servers of one test file, ended after each of its tests. */
import { afterEach } from 'node:test'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { type FakeServer, type FakeServerOptions, type Peer, startFakeServer } from '../support/fake-server.ts'
import { connectorFor } from './support.ts'

/** `usual`: the options of its connectors, where a test says nothing else. */
export function endedAfterEach(usual: Partial<ConnectorOptions> = {}) {
  const stops: { stop(): Promise<void> }[] = []
  const connectors: Connector[] = []
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map((connector) => connector.close()))
    await Promise.all(stops.splice(0).map((each) => each.stop()))
  })
  return {
    stops,
    connectors,
    connector(server: { caFile?: string }, options: Partial<ConnectorOptions> = {}): Connector {
      const made = connectorFor(server, { ...usual, ...options })
      connectors.push(made)
      return made
    },
    async scripted(script: (peer: Peer) => Promise<void>, options: FakeServerOptions = {}): Promise<FakeServer> {
      const server = await startFakeServer(script, options)
      stops.push(server)
      return server
    },
  }
}
