import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { authority } from '../support/authority.ts'
import { startEjabberd } from '../support/ejabberd.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { temporaryFolder } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { startRedis } from '../support/redis.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { PASSWORD, until } from './account.ts'

const scram = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const scrams = scram.flatMap((name) => [name, `${name}-PLUS`])

/** What is started here ends with the suite, the last first. */
function lifetime() {
  const started: { stop(): Promise<unknown> }[] = []
  after(async () => {
    for (const one of started.reverse()) await one.stop()
  })
  return async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting
    started.push(one)
    return one
  }
}

/** `POST /sessions` at a server, and the end of what came of it */
const opening = (server: () => XmppServer, gateway: () => TestGateway) => ({
  post: (body: object) => gateway().api('POST', '/sessions', { body: { service: server().service, ...body } }),
  remove: (id: string) => gateway().api('DELETE', `/sessions/${id}`),
})

describe('logging in, where the server is Prosody', () => {
  const begin = lifetime()
  let server: XmppServer
  let gateway: TestGateway
  const { post, remove } = opening(
    () => server,
    () => gateway,
  )

  before(async () => {
    server = await begin(
      startProsody({
        certificateNames: ['localhost', 'plain.localhost', 'anon.localhost'],
        moreDomains: [],
        users: { romeo: PASSWORD, 'romeo@plain.localhost': PASSWORD },
        config: [
          `VirtualHost "plain.localhost"\n  disable_sasl_mechanisms = { "SCRAM-SHA-1"; "SCRAM-SHA-1-PLUS"; "DIGEST-MD5" }`,
          `VirtualHost "anon.localhost"\n  authentication = "anonymous"`,
        ].join('\n'),
      }),
    )
    gateway = await begin(startGateway({ server }))
  })

  it('shows a password where the server offers nothing better, over TLS', async () => {
    const answer = await post({ jid: 'romeo@plain.localhost', password: PASSWORD })
    assert.equal(answer.status, 201, answer.text)
    await remove(answer.body.id)
    assert.equal((await post({ jid: 'romeo@plain.localhost', password: 'wrong' })).body.code, 'xmpp-authentication-failed')
  })

  it('shows it for sessions that allow it alone, where XMPP_PLAIN is opt-in', async () => {
    const strict = await startGateway({ server, env: { XMPP_PLAIN: 'opt-in' } })
    try {
      const { post } = opening(
        () => server,
        () => strict,
      )
      const account = { jid: 'romeo@plain.localhost', password: PASSWORD }
      const refused = await post(account)
      assert.deepEqual([refused.status, refused.body.code], [422, 'xmpp-authentication-failed'])
      assert.match(refused.body.detail, /PLAIN.*sasl\.allow/)
      assert.equal((await post({ ...account, sasl: { allow: ['PLAIN'] } })).status, 201)
      assert.equal((await post({ jid: 'romeo@localhost', password: PASSWORD })).status, 201)
    } finally {
      await strict.stop()
    }
  })

  it('needs no password at an anonymous host, whose JID is the one that the server made', async () => {
    const wanted = { jid: 'anon.localhost', sasl: { allow: ['ANONYMOUS'] } }
    const answer = await post(wanted)
    assert.equal(answer.status, 201, answer.text)
    const { id, jid, connections, token } = answer.body
    assert.match(jid, /^[^@/]+@anon\.localhost$/)
    assert.ok(connections[0].jid.startsWith(`${jid}/`))
    assert.equal((await post(wanted)).body.id, id)
    for (const reference of [id, jid, connections[0].jid, 'anon.localhost']) {
      const roster = await gateway.api('GET', '/roster', { query: { session: reference } })
      assert.deepEqual([roster.status, roster.body.data], [200, []], reference)
    }
    const events = gateway.events({ session: id })
    await events.opened
    const sent = await gateway.api('POST', '/messages', { key: token, body: { to: connections[0].jid, body: 'to myself' } })
    assert.equal(sent.status, 202)
    assert.equal((await events.next('message.received')).data.text, 'to myself')
    await events.close()

    const other = await post({ ...wanted, resource: 'another' })
    assert.equal(other.status, 201)
    assert.notEqual(other.body.jid, jid)
    await Promise.all([id, other.body.id].map(remove))
  })

  it('makes a new anonymous account where the old stream has gone', async () => {
    const { body: session } = await post({ jid: 'anon.localhost', sasl: { allow: ['ANONYMOUS'] } })
    await server.kill()
    await server.start()
    const again = await until(async () => {
      const { body } = await gateway.api('GET', `/sessions/${session.id}`)
      return body.state === 'online' && body.jid !== session.jid ? body : undefined
    })
    assert.ok(again.connections[0].jid.startsWith(`${again.jid}/`))
    await remove(session.id)
  })

  it('says what cannot be', async () => {
    const wrong = async (body: object) => {
      const { status, body: problem } = await post(body)
      return [status, problem.code, problem.errors?.[0]?.path]
    }
    assert.deepEqual(await wrong({ jid: 'romeo@localhost' }), [400, 'invalid-request', 'body.password'])
    assert.deepEqual(await wrong({ jid: 'anon.localhost', password: 'x' }), [422, 'jid-malformed', 'body.jid'])
    const anonymous = { sasl: { allow: ['ANONYMOUS'] } }
    assert.deepEqual(await wrong({ jid: 'romeo@localhost', ...anonymous }), [422, 'jid-malformed', 'body.jid'])
    assert.deepEqual(await wrong({ jid: 'anon.localhost', connections: 2, ...anonymous }), [400, 'invalid-request', 'body.connections'])
    assert.deepEqual(await wrong({ jid: 'localhost', ...anonymous }), [422, 'xmpp-authentication-failed', undefined])
    const listed = await gateway.api('GET', '/sessions')
    assert.deepEqual(listed.body.data, [])
  })
})

describe('logging in, where the server is ejabberd and the store Redis', () => {
  const begin = lifetime()
  const folders: string[] = []
  let server: XmppServer
  let redis: Awaited<ReturnType<typeof startRedis>>
  let gateway: TestGateway
  const { post, remove } = opening(
    () => server,
    () => gateway,
  )
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  async function certificateOf(...names: string[]): Promise<{ cert: string; key: string }> {
    const folder = temporaryFolder('client')
    folders.push(folder)
    const files = await (await authority()).certify(folder, names)
    return { cert: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') }
  }

  before(async () => {
    const hosts = {
      'old.localhost': { auth_password_format: 'plain', disable_sasl_mechanisms: [...scrams, 'PLAIN'] },
      'anon.localhost': { auth_method: 'anonymous', anonymous_protocol: 'sasl_anon', allow_multiple_connections: true },
    }
    server = await begin(
      startEjabberd({
        moreDomains: Object.keys(hosts),
        users: { romeo: PASSWORD, juliet: PASSWORD, 'romeo@old.localhost': PASSWORD },
        clientCertificates: true,
        config: `host_config: ${JSON.stringify(hosts)}`,
      }),
    )
    redis = await begin(startRedis())
    gateway = await begin(startGateway({ server, redis }))
  })

  it('uses DIGEST-MD5 where the session allows it, and not elsewhere', async () => {
    const account = { jid: 'romeo@old.localhost', password: PASSWORD }
    const refused = await post(account)
    assert.deepEqual([refused.status, refused.body.code], [422, 'xmpp-authentication-failed'])
    assert.match(refused.body.detail, /DIGEST-MD5/)
    const answer = await post({ ...account, sasl: { allow: ['DIGEST-MD5'] } })
    assert.equal(answer.status, 201, answer.text)
    await remove(answer.body.id)
  })

  it('is anonymous where the session allows it', async () => {
    const answer = await post({ jid: 'anon.localhost', sasl: { allow: ['ANONYMOUS'] } })
    assert.equal(answer.status, 201, answer.text)
    assert.match(answer.body.jid, /@anon\.localhost$/)
    await remove(answer.body.id)
  })

  it('needs no password with a certificate, which is kept sealed and never told', async () => {
    const certificate = await certificateOf('romeo@localhost')
    const answer = await post({ jid: 'romeo@localhost', sasl: { certificate } })
    assert.equal(answer.status, 201, answer.text)
    const { id } = answer.body
    assert.equal((await post({ jid: 'romeo@localhost', sasl: { certificate } })).status, 200)

    const secret = certificate.key.split('\n')[1] as string
    const told = [answer, await gateway.api('GET', `/sessions/${id}`), await gateway.api('GET', '/events', { query: { session: id } })]
    const keys = (await redis.cli('keys', '*')).split('\n').filter((key) => key.includes(id))
    const dump = (await Promise.all(keys.map((key) => redis.cli('dump', key)))).join('\n')
    assert.match(dump, /romeo@localhost/)
    for (const text of [...told.map(({ text }) => text), ...gateway.logs.map(({ line }) => line), dump]) {
      assert.ok(!text.includes(secret), text)
    }
    await remove(id)
  })

  it('tries another certificate before it replaces the kept one', async () => {
    const { body: session } = await post({ jid: 'romeo@localhost', sasl: { certificate: await certificateOf('romeo@localhost') } })
    const patch = async (certificate: object) => gateway.api('PATCH', `/sessions/${session.id}`, { body: { sasl: { certificate } } })
    const foreign = await patch(await certificateOf('juliet@localhost'))
    assert.deepEqual([foreign.status, foreign.body.code], [422, 'xmpp-authentication-failed'])
    const mixed = await patch({ ...(await certificateOf('romeo@localhost')), key: (await certificateOf('romeo@localhost')).key })
    assert.deepEqual([mixed.status, mixed.body.errors[0].path], [400, 'body.sasl.certificate'])
    assert.equal((await patch(await certificateOf('romeo@localhost'))).status, 200)
    assert.equal((await gateway.api('GET', `/sessions/${session.id}`)).body.state, 'online')
    await remove(session.id)
  })

  it('goes by password where the certificate is not asked for', async () => {
    const certificate = await certificateOf('romeo@old.localhost')
    const account = { jid: 'romeo@old.localhost', password: PASSWORD, sasl: { allow: ['DIGEST-MD5'], certificate } }
    const answer = await post(account)
    assert.equal(answer.status, 201, answer.text)
    await remove(answer.body.id)
  })
})
