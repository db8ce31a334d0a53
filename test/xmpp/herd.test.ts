import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import { serve, toBound } from '../support/fake-log-in.ts'
import { startFakeServer } from '../support/fake-server.ts'
import { startProsody } from '../support/prosody.ts'
import { connectorFor, follow } from './support.ts'

const stops: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((each) => each.stop()))
})

/** A connector that notes in ms when each try to connect begins. */
function noting(server: { port: number; caFile: string }, bounds: ConnectorOptions['bounds']) {
  const tries: number[] = []
  const srv = async (name: string) => {
    if (!name.startsWith('_xmpp-client')) return []
    tries.push(performance.now())
    return [{ name: 'xmpp.example', port: server.port, priority: 0, weight: 0 }]
  }
  const connector = connectorFor(server, {
    privateHosts: ['xmpp.example'],
    resolve: { host: async () => ['127.0.0.1'], srv },
    ...(bounds ? { bounds } : {}),
  })
  connectors.push(connector)
  return { connector, tries }
}

test('a hundred sessions of a server that restarts all come back, and never more at once than its bucket has', async () => {
  const [rate, burst, late] = [20, 5, 1]
  const names = Array.from({ length: 100 }, (_, index) => `user${index}`)
  const users = Object.fromEntries(names.map((name) => [name, 'secret']))
  const server = await startProsody({ users, mam: false, muc: false, carbons: false })
  stops.push(server)
  const { connector, tries } = noting(server, { reconnectRate: rate, reconnectBurst: burst, backoffMax: 4_000, logInsEach: 100 })
  let begun = 0
  const sessions = names.map((name) =>
    follow(
      connector.open,
      { jid: `${name}@localhost`, password: 'secret' },
      {
        bound: async () => {
          begun ||= tries.length
        },
      },
    ),
  )
  await Promise.all(sessions.map((each) => each.online()))
  assert.equal(begun, 100, 'no first log-in waits for the bucket')

  await server.restart()
  const onlines = ({ states }: (typeof sessions)[number]) => states.filter(({ state }) => state === 'online').length
  await Promise.all(sessions.map((each) => each.until(() => onlines(each) === 2)))
  assert.ok(sessions.every(({ states }) => states.every(({ state }) => state !== 'stopped')))
  const again = tries.slice(100)
  assert.ok(again.length >= 100)
  for (const [first, from] of again.entries())
    for (const [last, to] of again.entries()) {
      // a busy process begins what is due some time late, never early
      const most = burst + rate * ((to - from) / 1000 + late)
      assert.ok(last - first + 1 <= most, `${last - first + 1} tries within ${Math.round(to - from)} ms`)
    }
})

test('sessions that break at one moment come back at moments of their own, over all of the first pause', async () => {
  const server = await startFakeServer(async (peer) => {
    await toBound(peer, { id: null })
    await serve(peer)
  })
  stops.push(server)
  const first = 1_000
  const { connector, tries } = noting(server, { reconnectRate: 1_000, reconnectBurst: 1_000, backoffFirst: first })
  const sessions = Array.from({ length: 30 }, (_, index) =>
    follow(connector.open, { jid: 'ada@localhost', password: 'secret', resource: `desk-${index}` }),
  )
  await Promise.all(sessions.map((each) => each.online()))
  const broken = performance.now()
  for (const peer of server.peers) peer.socket.destroy()
  await Promise.all(sessions.map((each) => each.until(() => each.states.filter(({ state }) => state === 'online').length === 2)))
  const pauses = tries.slice(30).map((begun) => begun - broken)
  // thirty draws that leave half of their range empty: one in ten million
  assert.ok(Math.max(...pauses) - Math.min(...pauses) > first / 2, String(pauses.map(Math.round)))
})
