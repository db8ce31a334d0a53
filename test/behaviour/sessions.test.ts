import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { freePorts } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, isPresence, openAccount, openClient, PASSWORD, textOf, until, users, withBody } from './account.ts'

const names = ['romeo', 'juliet', 'paris', 'nurse', 'tybalt', 'mercutio', 'benvolio', 'rosaline', 'lawrence', 'escalus']

forEachCell('sessions', { server: { users: users(...names) }, gateway: { tenants: ['main', 'other'] } }, (cell) => {
  let juliet: Client

  before(async () => {
    juliet = await openClient(cell(), 'juliet')
  })
  after(() => juliet?.stop())

  const body = (name: string, more: object = {}) => {
    const { server } = cell()
    return { jid: `${name}@${server.domain}`, password: PASSWORD, service: server.service, ...more }
  }
  const post = (content: object, headers: Record<string, string> = {}) =>
    cell().gateway.api('POST', '/sessions', { body: content, headers })
  const listed = async () =>
    (await cell().gateway.api('GET', '/sessions', { query: { limit: 1000 } })).body.data as { id: string; jid: string }[]
  const remove = (id: string) => cell().gateway.api('DELETE', `/sessions/${id}`)

  describe('that are opened', () => {
    it('are online and say all about themselves', async () => {
      const answer = await post(body('romeo'))
      assert.equal(answer.status, 201)
      const session = answer.body
      assert.match(session.id, /^ses_[\w-]+$/)
      assert.match(session.token, /^sgs_[\w-]+$/)
      assert.equal(answer.headers.get('location'), `/sessions/${session.id}`)
      assert.equal(session.jid, `romeo@${cell().server.domain}`)
      assert.equal(session.state, 'online')
      assert.ok(Date.parse(session.createdAt) <= Date.parse(session.since))
      assert.ok(Date.parse(session.lastVerifiedAt) > 0)
      assert.equal(session.connections.length, 1)
      const [primary] = session.connections
      assert.match(primary.resource, /^stanzagate-[0-9a-f]{8}$/)
      assert.deepEqual([primary.role, primary.state], ['primary', 'online'])
      assert.ok(primary.jid.startsWith(`${session.jid}/`))
      assert.deepEqual([session.outbox, session.handles], [{ length: 0 }, []])
      const { token: _, ...rest } = session
      const read = await cell().gateway.api('GET', `/sessions/${session.id}`)
      assert.equal(read.status, 200)
      assert.deepEqual(Object.keys(read.body).sort(), Object.keys(rest).sort())
      assert.ok((await listed()).some(({ id }) => id === session.id))
      await remove(session.id)
    })

    it('have the resource that the caller chose', async () => {
      const { body: session } = await post(body('romeo', { resource: 'balcony' }))
      assert.equal(session.connections[0].jid, `${session.jid}/balcony`)
      await remove(session.id)
    })

    it('keep what they are to do beside what all do, each of it until it is changed', async () => {
      const { gateway } = cell()
      const { body: session } = await post(body('romeo', { mds: true, notify: ['urn:example:mood'] }))
      assert.deepEqual([session.mds, session.notify, session.bookmarks], [true, ['urn:example:mood'], undefined])
      const { body: changed } = await gateway.api('PATCH', `/sessions/${session.id}`, { body: { notify: [] } })
      assert.deepEqual([changed.mds, changed.notify], [true, []])
      const { body: read } = await gateway.api('GET', `/sessions/${session.id}`)
      assert.deepEqual([read.mds, read.notify], [true, []])
      await remove(session.id)
    })

    it('again are the same session with a fresh token, and the older token stays good', async () => {
      const { gateway } = cell()
      const first = await post(body('romeo'))
      const second = await post(body('romeo'))
      assert.deepEqual([first.status, second.status], [201, 200])
      assert.equal(second.body.id, first.body.id)
      assert.notEqual(second.body.token, first.body.token)
      for (const { token } of [first.body, second.body]) {
        assert.equal((await gateway.api('GET', '/roster', { key: token })).status, 200)
      }
      const other = await post(body('romeo', { resource: 'elsewhere' }))
      assert.equal(other.status, 201)
      assert.notEqual(other.body.id, first.body.id)
      await Promise.all([remove(first.body.id), remove(other.body.id)])
    })

    it('twice at once are one', async () => {
      const answers = await Promise.all([post(body('romeo')), post(body('romeo')), post(body('romeo'))])
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 201])
      assert.equal(new Set(answers.map(({ body: session }) => session.id)).size, 1)
      assert.equal((await listed()).filter(({ jid }) => jid === answers[0]?.body.jid).length, 1)
      await remove(answers[0]?.body.id)
    })

    it('with respond-async are there at once and come online', async () => {
      const answer = await post(body('romeo'), { prefer: 'respond-async' })
      assert.equal(answer.status, 202)
      assert.equal(answer.headers.get('location'), `/sessions/${answer.body.id}`)
      assert.equal(answer.headers.get('preference-applied'), 'respond-async')
      await until(async () => (await cell().gateway.api('GET', `/sessions/${answer.body.id}`)).body.state === 'online', 10_000)
      await remove(answer.body.id)
    })
  })

  describe('that cannot be opened', () => {
    const refused = async (content: object, headers: Record<string, string> = {}) => {
      const answer = await post(content, headers)
      assert.ok(!(await listed()).some(({ jid }) => jid === `paris@${cell().server.domain}`), 'nothing is kept')
      return [answer.status, answer.body.code]
    }

    it('for a wrong password are 422', async () => {
      assert.deepEqual(await refused(body('paris', { password: 'wrong' })), [422, 'xmpp-authentication-failed'])
      assert.deepEqual(await refused(body('nobody-at-all')), [422, 'xmpp-authentication-failed'])
    })

    it('for a server that is not there are 502', async () => {
      const [port] = await freePorts(1)
      assert.deepEqual(await refused(body('paris', { service: `xmpp://127.0.0.1:${port}` })), [502, 'xmpp-unreachable'])
    })

    it('for an address that is not allowed are 422', async () => {
      for (const service of ['xmpp://10.1.2.3:5222', 'xmpp://169.254.169.254:5222', 'xmpp://[fd00::1]:5222', 'xmpp://0x0a010203:5222']) {
        assert.deepEqual(await refused(body('paris', { service })), [422, 'address-not-allowed'], service)
      }
    })

    it('for a server without TLS are 502', async () => {
      const plain = await startProsody({ tls: false, users: users('paris') })
      try {
        assert.deepEqual(await refused(body('paris', { service: plain.service })), [502, 'xmpp-tls-failed'])
      } finally {
        await plain.stop()
      }
    })

    it('for a certificate of another name are 502', async () => {
      const other = await startProsody({ certificateNames: ['other.example'], users: users('paris') })
      try {
        assert.deepEqual(await refused(body('paris', { service: other.service })), [502, 'xmpp-tls-failed'])
      } finally {
        await other.stop()
      }
    })

    it('for a server that says nothing are 504 at the end of the wait', async () => {
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = silent.address() as { port: number }
        assert.deepEqual(await refused(body('paris', { service: `xmpp://127.0.0.1:${port}` }), { prefer: 'wait=1' }), [504, 'xmpp-timeout'])
      } finally {
        silent.close()
      }
    })

    it('for a bad request are told why', async () => {
      assert.deepEqual(await refused({ jid: 'paris@example.com' }), [400, 'invalid-request'])
      assert.deepEqual(await refused(body('paris', { colour: 'red' })), [400, 'invalid-request'])
      assert.deepEqual(await refused(body('paris', { connections: 9 })), [400, 'invalid-request'])
      assert.deepEqual(await refused(body('paris', { service: 'http://example.com' })), [400, 'invalid-request'])
      assert.deepEqual(await refused(body('paris', { jid: 'a b@example.com' })), [422, 'jid-malformed'])
      assert.deepEqual(await refused(body('paris', { jid: `paris@${cell().server.domain}/res` })), [422, 'jid-malformed'])
      assert.deepEqual(await refused(body('paris', { presence: { status: '\u0000' } })), [422, 'illegal-character'])
    })
  })

  describe('and passwords', () => {
    it('a wrong one leaves the running session as it is, a right one replaces the kept one', async () => {
      const { gateway, server } = cell()
      const nurse = await openAccount(cell(), 'nurse')
      try {
        const wrong = await post(body('nurse', { password: 'wrong' }))
        assert.deepEqual([wrong.status, wrong.body.code], [422, 'xmpp-authentication-failed'])
        const patched = await gateway.api('PATCH', `/sessions/${nurse.id}`, { body: { password: 'wrong too' } })
        assert.deepEqual([patched.status, patched.body.code], [422, 'xmpp-authentication-failed'])
        assert.equal((await gateway.api('GET', `/sessions/${nurse.id}`)).body.state, 'online')
        await server.setPassword(`nurse@${server.domain}`, 'new-secret-of-nurse')
        await until(
          async () => (await gateway.api('PATCH', `/sessions/${nurse.id}`, { body: { password: 'new-secret-of-nurse' } })).status === 200,
        )
        await until(async () => (await gateway.api('GET', `/sessions/${nurse.id}`)).body.state === 'online')
        assert.equal((await post(body('nurse', { password: 'new-secret-of-nurse' }))).status, 200)
      } finally {
        await nurse.close()
      }
    })
  })

  describe('that end', () => {
    it('say goodbye with a reason, close their streams with 1000, and are gone', async () => {
      const { gateway } = cell()
      const tybalt = await openAccount(cell(), 'tybalt')
      await tybalt.api('POST', '/presence', { body: { to: juliet.jid } })
      await juliet.next((one) => isPresence(one) && one.attributes.from === tybalt.full)
      const ended = await gateway.api('DELETE', `/sessions/${tybalt.id}`, { query: { status: 'A plague on both your houses' } })
      assert.equal(ended.status, 204)
      const { element } = await juliet.next(
        (one) => isPresence(one) && one.attributes.type === 'unavailable' && one.attributes.from === tybalt.full,
      )
      assert.equal(textOf(element, 'status'), 'A plague on both your houses')
      await tybalt.events.next('session.ended')
      assert.equal((await tybalt.events.closed).code, 1000)
      for (const path of [`/sessions/${tybalt.id}`, `/roster?session=${tybalt.id}`, `/events?session=${tybalt.id}`]) {
        const answer = await gateway.api('GET', path)
        assert.deepEqual([answer.status, answer.body.code], [404, 'session-not-found'], path)
      }
      assert.equal((await gateway.api('GET', '/roster', { key: tybalt.token })).status, 401)
      assert.equal((await remove(tybalt.id)).status, 404)
    })
  })

  describe('with senders', () => {
    it('spread recipients over the connections, and read what comes to each', async () => {
      const { gateway } = cell()
      const mercutio = await openAccount(cell(), 'mercutio', { connections: 3 })
      try {
        assert.deepEqual(
          mercutio.session.connections.map(({ role }: { role: string }) => role),
          ['primary', 'sender', 'sender'],
        )
        const pool = await until(async () => {
          const { connections } = (await gateway.api('GET', `/sessions/${mercutio.id}`)).body
          return (
            connections.every(({ state }: { state: string }) => state === 'online') && connections.map(({ jid }: { jid: string }) => jid)
          )
        }, 10_000)
        assert.equal(new Set(pool).size, 3)
        await mercutio.say(juliet.jid.split('/')[0] as string, 'from the pool')
        const { element } = await juliet.next(withBody('from the pool'))
        assert.ok(pool.includes(element.attributes.from))
        for (const jid of pool) {
          juliet.send(`<message to='${jid}' type='chat'><body>to ${jid}</body></message>`)
          await mercutio.events.next((one) => one.type === 'message.received' && one.data.body === `to ${jid}`)
          const pong = await juliet.request({ type: 'get', to: jid, payload: "<ping xmlns='urn:xmpp:ping'/>" })
          assert.equal(pong.attributes.type, 'result')
        }
        juliet.send(
          `<message to='${mercutio.jid}' type='chat'><body>to the bare JID</body></message><message to='${mercutio.full}' type='chat'><body>last</body></message>`,
        )
        await mercutio.events.next((one) => one.data.body === 'last')
        assert.equal(mercutio.events.events.filter(({ data }) => data.body === 'to the bare JID').length, 1)
        assert.equal(mercutio.events.events.filter(({ type }) => type === 'message.sent-elsewhere').length, 0)
        const fewer = await gateway.api('PATCH', `/sessions/${mercutio.id}`, { body: { connections: 1 } })
        assert.deepEqual([fewer.status, fewer.body.connections.length], [200, 1])
        const more = await gateway.api('PATCH', `/sessions/${mercutio.id}`, { body: { connections: 2 } })
        assert.deepEqual([more.status, more.body.connections.length], [200, 2])
      } finally {
        await mercutio.close()
      }
    })
  })

  describe('seen by others', () => {
    it('of another tenant are as if they were not there', async () => {
      const { gateway } = cell()
      const key = gateway.keys.other as string
      const benvolio = await openAccount(cell(), 'benvolio')
      try {
        const missing = 'ses_AAAAAAAAAAAAAAAAAAAAAA'
        const paths = (id: string): [string, string, object?][] => [
          ['GET', `/sessions/${id}`],
          ['DELETE', `/sessions/${id}`],
          ['PATCH', `/sessions/${id}`, { connections: 1 }],
          ['GET', `/roster?session=${id}`],
          ['GET', `/presence?session=${id}`],
          ['GET', `/events?session=${id}`],
          ['POST', `/messages?session=${id}`, { to: 'a@example.com', body: 'x' }],
        ]
        for (const [index, [method, path, content]] of paths(benvolio.id).entries()) {
          const [, nowhere = ''] = paths(missing)[index] ?? []
          const options = { key, ...(content ? { body: content } : {}) }
          const foreign = await gateway.api(method, path, options)
          const absent = await gateway.api(method, nowhere, options)
          assert.equal(foreign.status, 404, `${method} ${path}`)
          const { requestId: _, ...problem } = foreign.body
          const { requestId: __, ...expected } = absent.body
          assert.deepEqual(problem, expected)
        }
        const byJid = await gateway.api('GET', '/roster', { key, query: { session: benvolio.jid } })
        assert.deepEqual([byJid.status, byJid.body.code], [404, 'session-not-found'])
        const id = await benvolio.say(benvolio.jid, 'mine alone')
        assert.equal((await gateway.api('GET', `/messages/${id}`, { key })).status, 404)
        assert.deepEqual((await gateway.api('GET', '/sessions', { key })).body.data, [])
      } finally {
        await benvolio.close()
      }
    })

    it('by a session token are its own and no other', async () => {
      const { gateway } = cell()
      const [one, other] = await Promise.all([openAccount(cell(), 'benvolio'), openAccount(cell(), 'rosaline')])
      try {
        const key = one.token
        assert.deepEqual(
          (await gateway.api('GET', '/sessions', { key })).body.data.map(({ id }: { id: string }) => id),
          [one.id],
        )
        assert.equal((await gateway.api('GET', '/roster', { key })).status, 200)
        assert.equal((await gateway.api('GET', '/roster', { key, query: { session: one.jid } })).status, 200)
        for (const session of [other.id, other.jid, other.full]) {
          const answer = await gateway.api('GET', '/roster', { key, query: { session } })
          assert.deepEqual([answer.status, answer.body.code], [404, 'session-not-found'])
        }
        assert.equal((await gateway.api('GET', `/sessions/${other.id}`, { key })).status, 404)
        assert.equal((await gateway.api('DELETE', `/sessions/${other.id}`, { key })).status, 404)
        const made = await gateway.api('POST', '/sessions', { key, body: body('tybalt') })
        assert.deepEqual([made.status, made.body.code], [403, 'scope-missing'])
        const id = await other.say(one.jid, 'for other eyes')
        assert.equal((await gateway.api('GET', `/messages/${id}`, { key })).status, 404)
      } finally {
        await Promise.all([one.close(), other.close()])
      }
    })

    it('are named by id, bare JID and full JID, and a bare JID of several is not enough', async () => {
      const { gateway } = cell()
      const [one, other] = await Promise.all([
        openAccount(cell(), 'rosaline', { resource: 'a' }),
        openAccount(cell(), 'rosaline', { resource: 'b+c' }),
      ])
      try {
        for (const session of [one.id, one.full, other.full])
          assert.equal((await gateway.api('GET', '/roster', { query: { session } })).status, 200, session)
        const several = await gateway.api('GET', '/roster', { query: { session: one.jid } })
        assert.deepEqual([several.status, several.body.code], [400, 'session-required'])
        const none = await gateway.api('GET', '/roster')
        assert.deepEqual([none.status, none.body.code], [400, 'session-required'])
      } finally {
        await Promise.all([one.close(), other.close()])
      }
    })
  })

  describe('whose connection is lost', () => {
    let lawrence: Account

    before(async () => {
      lawrence = await openAccount(cell(), 'lawrence')
    })
    after(() => lawrence?.close())

    it('say so, take messages, refuse what needs the wire, and come back by themselves', async () => {
      const { gateway, server } = cell()
      await server.kill()
      const down = await until(async () => {
        const { body: session } = await gateway.api('GET', `/sessions/${lawrence.id}`)
        return session.state !== 'online' && session
      }, 40_000)
      assert.ok(['resuming', 'backoff', 'connecting'].includes(down.state), down.state)
      const accepted = await lawrence.api('POST', '/messages', { body: { to: `juliet@${server.domain}`, body: 'while it was down' } })
      assert.equal(accepted.status, 202)
      const fleeting = await lawrence.say(`juliet@${server.domain}`, 'too late', { expiresIn: 0.2 })
      const expired = await lawrence.events.next((one) => one.type === 'message.expired' && one.subject === fleeting)
      assert.equal(expired.data.status, 'expired')
      for (const [method, path, content] of [
        ['POST', '/presence', { to: 'a@example.com' }],
        ['POST', '/iq', { type: 'get', payload: { ping: {} } }],
        ['PUT', '/roster/a@example.com', {}],
      ] as const) {
        const answer = await lawrence.api(method, path, { body: content })
        assert.deepEqual([answer.status, answer.body.code], [503, 'session-offline'], path)
        assert.ok(Number(answer.headers.get('retry-after')) > 0)
        assert.equal(answer.body.retryable, true)
      }
      // a wish is kept until it can be shown
      assert.equal((await lawrence.api('PUT', '/presence', { body: { show: 'away' } })).status, 200)
      await server.start()
      await until(async () => (await gateway.api('GET', `/sessions/${lawrence.id}`)).body.state === 'online', 60_000)
      juliet = await openClient(cell(), 'juliet')
      await lawrence.events.next((one) => one.type === 'message.acked' && one.subject === accepted.body.id, 10_000)
      await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'while it was down')
      assert.ok(!juliet.stanzas.some(({ element }) => textOf(element, 'body') === 'too late'))
      const types = lawrence.events.events.map(({ type }) => type)
      assert.ok(types.includes('session.offline'))
      assert.ok(types.lastIndexOf('session.online') > types.indexOf('session.offline'))
    })
  })

  describe('that stop', () => {
    it('in conflict say so, and refuse what they cannot do', async () => {
      const { gateway } = cell()
      const escalus = await openAccount(cell(), 'escalus', { resource: 'throne' })
      const usurper = await openClient(cell(), 'escalus', { resource: 'throne' })
      try {
        await escalus.events.next('session.conflict', 10_000)
        const { body: session } = await gateway.api('GET', `/sessions/${escalus.id}`)
        assert.equal(session.state, 'conflict')
        assert.ok(session.reason)
        for (const [path, content] of [
          ['/messages', { to: 'a@example.com', body: 'x' }],
          ['/presence', { to: 'a@example.com' }],
          ['/iq', { type: 'get', payload: { ping: {} } }],
        ] as const) {
          const answer = await escalus.api('POST', path, { body: content })
          assert.deepEqual([answer.status, answer.body.code], [409, 'session-stopped'], path)
        }
      } finally {
        await usurper.stop()
        await escalus.close()
      }
    })

    it('for a password that is not accepted any more say so', async () => {
      const { gateway, server } = cell()
      const proxy = await startProxy({ to: { port: server.port } })
      const lawrence = await openAccount(cell(), 'lawrence', { service: `xmpp://127.0.0.1:${proxy.port}` })
      try {
        proxy.refuse(true)
        await server.setPassword(`lawrence@${server.domain}`, 'another-secret-now')
        await server.restart()
        proxy.refuse(false)
        await lawrence.events.next('session.failed', 60_000)
        assert.equal((await gateway.api('GET', `/sessions/${lawrence.id}`)).body.state, 'auth-failed')
      } finally {
        await lawrence.close()
        await proxy.stop()
      }
    })
  })

  it('leave no password, token or body in any log line', async () => {
    const { gateway } = cell()
    await until(async () => {
      const answer = await post(body('romeo'))
      return answer.status === 201 && answer
    }, 30_000)
    const romeo = await openAccount(cell(), 'romeo')
    await romeo.say(romeo.jid, 'canary-body-7391')
    await romeo.events.next((one) => one.type === 'message.received' && one.data.body === 'canary-body-7391')
    await post(body('romeo', { password: 'canary-password-7391' }))
    const { token } = romeo
    await romeo.close()
    for (const { line } of gateway.logs) {
      for (const secret of ['canary-', PASSWORD, token, gateway.key]) assert.ok(!line.includes(secret), line)
    }
    assert.ok(gateway.logs.length > 0)
  })
})
