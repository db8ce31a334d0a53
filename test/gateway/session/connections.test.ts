import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionRecord } from '../../../src/gateway/ports/session-record.ts'
import { createConnections } from '../../../src/gateway/session/connections.ts'
import { createScriptedConnector } from '../../support/scripted-connector.ts'

const record = { id: 'ses_1', tenant: 't', jid: 'romeo@montague.lit', resource: 'desk', service: null, connections: 2 } as SessionRecord

test('what was bound is known for our own, of late the newest of it, and what is bound always', async () => {
  const connector = createScriptedConnector()
  const connections = createConnections({
    ...{ record: () => record, connector, inherited: false, resume: new Map(), holdsLease: () => true },
    password: async () => 'secret',
    sasl: async () => ({}),
    userAgent: () => ({ id: '', token: async () => null, keep: async () => {} }),
  })
  connections.begin({
    ...{ state() {}, stanza() {}, larger: () => undefined, acked() {}, resumed() {}, lost() {}, verified() {}, unacked: () => 0 },
    bound: async () => {},
  })
  connections.want(2)
  const full = (resource: string | number) => `${record.jid}/${resource}`
  await connector.connection(1).bind(full('sender'))
  const times = 300
  for (let index = 0; index < times; index += 1) await connector.connection(0).bind(full(index))
  assert.ok(connections.isOwn(full('sender')) && connections.isOwn(full(times - 1)) && connections.isOwn(full(times - 100)))
  assert.ok(!connections.isOwn(full(0)) && !connections.isOwn(full('phone')))
  await connections.close({})
})
