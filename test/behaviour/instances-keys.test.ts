/** An operator lost CREDENTIALS_KEY, or gave instances different ones. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProsody } from '../support/prosody.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until, users } from './account.ts'

const names = ['romeo', 'juliet', 'mercutio', 'paris', 'tybalt', 'rosaline']
const newKey = () => randomBytes(32).toString('base64')
/** ms until a session that nobody opens says so, and until one is online again */
const SAID = 15_000
const BACK = 30_000

describe('sessions whose secrets cannot be opened', { concurrency: false, timeout: 180_000 }, () => {
  let server: XmppServer
  let fleet: Fleet
  let sessions: Map<string, string>
  before(async () => {
    server = await startProsody({ users: users(...names) })
  })
  after(() => server?.stop())

  const login = (one: TestGateway, name: string, password = PASSWORD) =>
    one.api('POST', '/sessions', { body: { jid: `${name}@${server.domain}`, password, service: server.service } })
  const read = async (one: TestGateway, name: string) => (await one.api('GET', `/sessions/${sessions.get(name)}`)).body
  const stateOf = async (one: TestGateway, name: string) => (await read(one, name)).state

  async function startWith(key: string): Promise<void> {
    fleet = await startFleet(1, { server, env: { CREDENTIALS_KEY: key } })
    sessions = new Map()
    for (const name of names) {
      const { status, body } = await login(fleet.instances[0]!, name)
      assert.equal(status, 201)
      sessions.set(name, body.id)
    }
  }

  it('are not on their way back; a log-in and a DELETE need no old secret, and the old key brings the rest back', async (t) => {
    const old = newKey()
    await startWith(old)
    t.after(() => fleet.stop())
    await fleet.instances[0]!.stop()
    const one = await fleet.join({ CREDENTIALS_KEY: newKey() })
    // at once, while they are being taken up
    const early = await login(one, 'romeo')
    assert.deepEqual([early.status, early.body.state, early.body.id], [200, 'online', sessions.get('romeo')])
    await until(async () => (await stateOf(one, 'paris')) === 'auth-failed', SAID)
    assert.equal((await read(one, 'paris')).reason, 'credentials-lost')
    assert.ok(one.logs.some(({ entry }) => entry?.event === 'session.state' && entry.reason === 'credentials-lost'))

    const late = await login(one, 'juliet')
    assert.deepEqual([late.status, late.body.state], [200, 'online'])
    const path = `/sessions/${sessions.get('mercutio')}`
    assert.equal((await login(one, 'mercutio', 'wrong')).body.code, 'xmpp-authentication-failed')
    assert.equal((await one.api('PATCH', path, { body: { handles: ['urn:x'] } })).status, 200)
    const nothing = await one.api('PATCH', path, { body: { sasl: { allow: ['PLAIN'] } } })
    assert.deepEqual([nothing.status, nothing.body.code], [409, 'credentials-lost'])
    assert.equal((await one.api('PATCH', path, { body: { password: PASSWORD } })).status, 200)
    await until(async () => (await stateOf(one, 'mercutio')) === 'online')
    assert.equal((await one.api('DELETE', `/sessions/${sessions.get('tybalt')}`)).status, 204)
    assert.equal((await one.api('GET', `/sessions/${sessions.get('tybalt')}`)).status, 404)
    const statuses = ['POST /messages', 'GET /roster', 'PUT /presence'].map(async (route) => {
      const [method = '', way = ''] = route.split(' ')
      const body = method === 'GET' ? undefined : method === 'PUT' ? {} : { to: `romeo@${server.domain}`, body: 'x' }
      return (await one.api(method, way, { query: { session: sessions.get('paris')! }, body })).status
    })
    assert.ok((await Promise.all(statuses)).every((status) => status < 500))

    await one.stop()
    const again = await fleet.join({ CREDENTIALS_KEY: old })
    await until(async () => (await stateOf(again, 'paris')) === 'online', BACK)
    assert.equal((await login(again, 'romeo')).body.state, 'online')
  })

  it('stay with the instance that can open them, and go to where somebody logs in', async (t) => {
    await startWith(newKey())
    t.after(() => fleet.stop())
    const [one] = fleet.instances
    const two = await fleet.join({ CREDENTIALS_KEY: newKey() })
    // sessions are spread at each beat: its share would be half of them
    const beats = async () => sumOf(samplesOf((await one!.api('GET', '/metrics')).text), 'lease_total', { op: 'renew' })
    const begun = await beats()
    await until(async () => (await beats()) > begun + 2, BACK)
    for (const name of names) assert.deepEqual([await stateOf(two, name), (await read(two, name)).instance], ['online', 'i0'])
    assert.deepEqual(
      one!.logs.filter(({ entry }) => entry?.event === 'session.state' && entry.to !== 'online' && entry.to !== 'connecting'),
      [],
    )

    const through = await login(two, 'romeo')
    assert.deepEqual([through.status, through.body.state], [200, 'online'])
    await until(async () => (await read(one!, 'romeo')).instance === 'i1' && (await stateOf(one!, 'romeo')) === 'online', BACK)
    assert.equal((await two.api('DELETE', `/sessions/${sessions.get('juliet')}`)).status, 204)
    await one!.stop()
    await until(async () => (await stateOf(two, 'paris')) === 'auth-failed', SAID)
    assert.equal((await login(two, 'paris')).body.state, 'online')
    assert.equal(await stateOf(two, 'romeo'), 'online')
  })
})
