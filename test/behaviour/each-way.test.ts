/** The same script over HTTP and over the WebSocket: results and problems are equal, for every operation that openapi.yaml has. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, it } from 'node:test'
import { parse } from 'yaml'
import type { TestGateway } from '../support/gateway.ts'
import { forEachCell } from '../support/matrix.ts'
import { type Account, openAccount, PASSWORD, until, users } from './account.ts'

type Params = Readonly<Record<string, unknown>>
// biome-ignore lint/suspicious/noExplicitAny: whatever an operation answers
type Outcome = { result: any } | { problem: any }
/** Calls an operation with all of its members in one object. */
type Way = (id: string, params: Params) => Promise<Outcome>

interface Operation {
  id: string
  method: string
  path: string
  /** names of members, by where HTTP has them */
  inPath: readonly string[]
  inQuery: readonly string[]
  hasBody: boolean
  isOfBytes: boolean
  takesXml: boolean
  isForSession: boolean
  examples: readonly Params[]
}

const openapi = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'))
const operations: readonly Operation[] = Object.entries<Record<string, Record<string, never>>>(openapi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => operationOf(method, path, described)),
)
/** not over the WebSocket: for operators, and bytes */
const offered = operations.filter(({ id, isOfBytes }) => !id.startsWith('system.') && !isOfBytes)

// biome-ignore lint/suspicious/noExplicitAny: as the document has it
function operationOf(method: string, path: string, { operationId: id, parameters = [], requestBody, responses }: any): Operation {
  const shared = (one: Params) => openapi.components.parameters[String(one.$ref).split('/').at(-1)!]
  const whole: Params[] = parameters.map((one: Params) => (one.$ref === undefined ? one : shared(one)))
  const inPlace = (place: string) => whole.filter((one) => one.in === place && one.name !== 'session').map((one) => String(one.name))
  const { 'application/json': json, 'application/xml': xml } = requestBody?.content ?? {}
  const values = (content: { examples?: Record<string, { value: unknown }> } | undefined) =>
    Object.values(content?.examples ?? {}).map(({ value }) => value)
  return {
    id,
    method: method.toUpperCase(),
    path,
    inPath: inPlace('path'),
    inQuery: inPlace('query'),
    hasBody: json !== undefined,
    isOfBytes: [requestBody, responses['200']].some((one) => Object.keys(one?.content ?? {}).some((type) => /^(?:image|[*])/.test(type))),
    takesXml: xml !== undefined,
    isForSession: parameters.some((one: Params) => one.$ref === '#/components/parameters/session'),
    examples: [...(values(json) as Params[]), ...values(xml).map((text) => ({ xml: text }))],
  }
}

function byHttp(gateway: TestGateway, session: string): Way {
  return async (id, params) => {
    const { method, path, inPath, inQuery, hasBody, takesXml, isForSession } = operations.find((one) => one.id === id)!
    const query: Record<string, string> = isForSession && !/^\/(?:messages|iq)\/\{id\}/.test(path) ? { session } : {}
    const sent: Record<string, string> = {}
    const prefer: string[] = []
    const body: Record<string, unknown> = {}
    let target = path
    for (const [name, value] of Object.entries(params)) {
      if (inPath.includes(name)) target = target.replace(`{${name}}`, encodeURIComponent(String(value)))
      else if (inQuery.includes(name) || (name === 'session' && isForSession)) query[name] = String(value)
      else if (name === 'wait') prefer.push(`wait=${value}`)
      else if (name === 'respondAsync') prefer.push('respond-async')
      else if (name === 'idempotencyKey') sent['idempotency-key'] = String(value)
      else if (hasBody) body[name] = value
      else query[name] = String(value)
    }
    if (prefer.length > 0) sent.prefer = prefer.join()
    const isXml = takesXml && Object.keys(body).join() === 'xml'
    if (isXml) sent['content-type'] = 'application/xml'
    const answer = await gateway.api(method, target, { query, headers: sent, ...(hasBody && { body: isXml ? body.xml : body }) })
    if (answer.status < 400) return { result: answer.body ?? null }
    assert.equal(answer.body.status, answer.status)
    return { problem: answer.body }
  }
}

function byWebSocket({ events }: Account): Way {
  return async (id, params) => {
    const { result, error } = await events.request(id, params)
    if (error === undefined) return { result }
    const { code, status, detail } = error.data
    const expected = status === 400 || status === 422 ? -32602 : -32000
    assert.deepEqual([error.code, error.message], [expected, detail], `${id} ${code}`)
    return { problem: error.data }
  }
}

/** What differs from one run to the next, and says nothing of the way. */
const passing = new Set([
  ...['requestId', 'since', 'createdAt', 'lastVerifiedAt', 'acceptedAt', 'at', 'time', 'expiresAt', 'lastUsedAt', 'seconds', 'ms'],
  ...['cursor', 'next', 'prev', 'ticket', 'token', 'resource', 'archived', 'stanzaIds', 'stanzaId', 'extensions', 'oldest', 'put', 'get'],
])

/** of an event */
const isCursor = (value: unknown) => typeof value === 'string' && /^[\w-]{10,}-\d+$/.test(value)

/** An outcome as it is for anybody. */
function told(outcome: Outcome, accounts: readonly Account[]): unknown {
  let text = JSON.stringify(outcome, (key, value) => (passing.has(key) || isCursor(value) ? '…' : value))
  for (const { full, jid } of accounts) text = text.replaceAll(full, 'me/resource').replaceAll(jid, 'me')
  return JSON.parse(text.replace(/\b([a-z]{2,6})_[\w+/=-]{20,}/g, '$1'))
}

forEachCell('each way', { server: { users: users('romeo', 'juliet', 'nurse') } }, (cell) => {
  let romeo: Account
  let juliet: Account
  let nurse: Account
  let ways: readonly { account: Account; way: Way }[]
  /** operations that came to a result */
  const done = new Set<string>()

  before(async () => {
    romeo = await openAccount(cell(), 'romeo', { handles: ['urn:example:orders'] })
    juliet = await openAccount(cell(), 'juliet', { handles: ['urn:example:orders'] })
    nurse = await openAccount(cell(), 'nurse')
    ways = [
      { account: romeo, way: byHttp(cell().gateway, romeo.id) },
      { account: juliet, way: noting(byWebSocket(juliet)) },
    ]
  })
  after(() => Promise.all([romeo, juliet, nurse].map((account) => account?.close())))

  const noting =
    (way: Way): Way =>
    async (id, params) => {
      const outcome = await way(id, params)
      if ('result' in outcome) done.add(id)
      return outcome
    }

  /** Runs something each way; both must come to the same. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever it comes to
  async function bothWays(run: (call: Way, account: Account) => Promise<Outcome>): Promise<any> {
    const [http, webSocket] = await Promise.all(ways.map(async ({ account, way }) => told(await run(way, account), [romeo, juliet])))
    assert.deepEqual(webSocket, http)
    return http
  }

  /** A server may have taken in for one account what it has not for the other: what differs for that reason does not differ each time. */
  async function bothWaysInTheEnd(run: (call: Way) => Promise<Outcome>, tries = 3): Promise<void> {
    await bothWays(run).catch((error) => (tries > 1 ? bothWaysInTheEnd(run, tries - 1) : Promise.reject(error)))
  }

  const succeeds = async (id: string, params: (account: Account) => Params = () => ({})) => {
    const outcome = await bothWays((call, account) => call(id, params(account)))
    assert.ok('result' in outcome, `${id} ${JSON.stringify(outcome)}`)
    return outcome.result
  }
  const fails = async (id: string, code: string, params: (account: Account) => Params = () => ({})) => {
    const { problem } = await bothWays((call, account) => call(id, params(account)))
    assert.equal(problem?.code, code, `${id} ${JSON.stringify(problem)}`)
  }

  for (const { id, inPath, isForSession, hasBody } of offered) {
    const places = Object.fromEntries(inPath.map((name) => [name, 'nobody@nowhere.example']))
    it(`${id}: what is wrong is told alike`, async () => {
      await bothWays((call) => call(id, { ...places, colour: 'red' }))
      await bothWays((call) => call(id, { ...places, limit: 'many', after: '', presence: 7, id: hasBody ? 7 : 'x' }))
      for (const session of isForSession ? ['ses_AAAAAAAAAAAAAAAAAAAAAA', 'nobody@example.com', 'no jid@@'] : [])
        await bothWays((call) => call(id, { ...places, session }))
    })
  }

  it('messages: sent once for each key, and what became of them', async () => {
    const said = (more: Params) => () => ({ to: nurse.jid, body: 'Good morrow', ...more })
    const accepted = await succeeds('messages.send', said({ wait: 10, idempotencyKey: 'k1' }))
    assert.deepEqual(await succeeds('messages.send', said({ wait: 10, idempotencyKey: 'k1' })), accepted)
    await fails('messages.send', 'idempotency-key-reused', said({ body: 'Good night', idempotencyKey: 'k1' }))
    await fails('messages.send', 'invalid-request', said({ idempotencyKey: '' }))
    await fails('messages.send', 'jid-malformed', said({ to: 'no jid@@' }))
    await fails('messages.send', 'illegal-character', said({ body: 'a\u0000b' }))
    await fails('messages.send', 'invalid-request', said({ colour: 'red', receipt: { type: 'nothing' } }))
    await succeeds('messages.send', ({ jid }) => ({ to: nurse.jid, id: `of ${jid}`, body: 'With an id', wait: 10 }))
    await fails('messages.send', 'id-in-use', ({ jid }) => ({ to: nurse.jid, id: `of ${jid}`, body: 'With an id' }))
    const record = await succeeds('messages.get', ({ jid }) => ({ id: `of ${jid}` }))
    assert.equal(record.to, nurse.jid)
    await fails('messages.get', 'message-not-found', () => ({ id: 'nothing' }))
    await succeeds('messages.sendBatch', () => ({
      messages: [
        { to: nurse.jid, body: 'one' },
        { to: '@@', body: 'two' },
      ],
    }))
    await fails('messages.sendBatch', 'invalid-request', () => ({ messages: [] }))
    assert.equal((await succeeds('messages.list', () => ({ with: nurse.jid, limit: 1 }))).data.length, 1)
    await fails('messages.list', 'invalid-request', () => ({ after: 'a', before: 'b' }))
    await fails('messages.list', 'jid-malformed', () => ({ with: '@@' }))
  })

  it('contacts', async () => {
    await fails('roster.getContact', 'contact-not-found', () => ({ jid: nurse.jid }))
    await succeeds('roster.put', () => ({ jid: nurse.jid, name: 'Nurse', groups: ['Capulet'] }))
    assert.deepEqual((await succeeds('roster.getContact', () => ({ jid: nurse.jid }))).name, 'Nurse')
    assert.equal((await succeeds('roster.get', () => ({ presence: false, limit: 5 }))).data.length, 1)
    assert.deepEqual(await succeeds('presence.get', () => ({ jid: nurse.jid })), { jid: nurse.jid, presences: [] })
    await fails('roster.put', 'jid-malformed', () => ({ jid: `${nurse.jid}/here` }))
    await succeeds('roster.remove', () => ({ jid: nurse.jid }))
    await fails('roster.remove', 'contact-not-found', () => ({ jid: nurse.jid }))
  })

  it('presence', async () => {
    await succeeds('presence.set', () => ({ show: 'away', status: 'At the cell' }))
    await fails('presence.set', 'invalid-request', () => ({ show: 'nowhere' }))
    await succeeds('presence.send', () => ({ to: nurse.jid, show: 'dnd' }))
    await fails('presence.send', 'jid-malformed', () => ({ to: '@@' }))
    await bothWays((call) => call('presence.list', { limit: 1000 }))
    await fails('presence.get', 'contact-not-found', () => ({ jid: 'nobody@example.com' }))
    await succeeds('presence.clear')
    await succeeds('presence.set')
  })

  it('iqs: asked at once, asked for later, and answered', async () => {
    const { domain } = cell().server
    await succeeds('iq.send', () => ({ type: 'get', to: domain, payload: { ping: {} } }))
    await succeeds('iq.send', () => ({ xml: `<iq type="get" to="${domain}"><ping xmlns="urn:xmpp:ping"/></iq>` }))
    await succeeds('iq.send', () => ({ type: 'get', to: domain, xml: '<ping xmlns="urn:xmpp:ping"/>' }))
    await fails('iq.send', 'xml-malformed', () => ({ type: 'get', xml: '<ping' }))
    await fails('iq.send', 'invalid-request', () => ({ type: 'get' }))
    const kept = await bothWays(async (call) => {
      const asked = await call('iq.send', { type: 'get', to: domain, payload: { ping: {} }, respondAsync: true })
      assert.ok('result' in asked && asked.result.status === 'pending')
      const { id } = asked.result
      return await until(async () => {
        const answer = await call('iq.get', { id })
        return 'result' in answer && answer.result.status !== 'pending' && answer
      })
    })
    assert.equal(kept.result.status, 'result')
    await fails('iq.get', 'iq-not-found', () => ({ id: 'nothing' }))
    await bothWays(async (call, { full }) => {
      await nurse.api('POST', '/iq', {
        body: { type: 'get', to: full, xml: '<order xmlns="urn:example:orders"/>' },
        headers: { prefer: 'respond-async' },
      })
      const raised = await call('events.list', { types: ['iq.requested'], wait: 10 })
      assert.ok('result' in raised && raised.result.data.length === 1, JSON.stringify(raised))
      return await call('iq.reply', { id: raised.result.data[0].subject, xml: '<order xmlns="urn:example:orders"/>' })
    })
    await fails('iq.reply', 'iq-not-found', () => ({ id: 'nothing' }))
  })

  it('stanzas, as JSON and as XML', async () => {
    const message = `<message to="${nurse.jid}" type="chat"><body>As XML</body></message>`
    await succeeds('stanzas.send', () => ({ message: { to: nurse.jid, body: 'As JSON' } }))
    await succeeds('stanzas.send', () => ({ xml: message }))
    const dry = await succeeds('stanzas.send', () => ({ xml: message.replace('<body', '<body xml:lang="en"'), dryRun: true }))
    assert.match(dry, /^<message /)
    await fails('stanzas.send', 'not-a-stanza', () => ({ message: {}, presence: {} }))
    await fails('stanzas.send', 'xml-malformed', () => ({ xml: '<message' }))
    await succeeds('translate', () => ({ xml: message }))
    await succeeds('translate', () => ({ message: { to: nurse.jid, body: 'As JSON' } }))
    await fails('translate', 'not-a-stanza', () => ({ xml: '<a/>' }))
  })

  it('events, tickets and named consumers', async () => {
    const types = ['message.accepted', 'message.failed']
    const page = await succeeds('events.list', () => ({ types, limit: 2 }))
    assert.equal(page.data.length, 2)
    assert.deepEqual(await succeeds('events.list', () => ({ types: types.join(), limit: '2' })), page)
    await fails('events.list', 'invalid-request', () => ({ snapshot: 'presence' }))
    await fails('events.list', 'cursor-invalid', () => ({ after: 'nonsense' }))
    await succeeds('tickets.create')
    await bothWays(async (call) => {
      const events = await call('events.list', { limit: 1 })
      assert.ok('result' in events)
      return await call('events.ack', { consumer: 'crm', cursor: events.result.page.next })
    })
    const consumers = await bothWays(async (call) => {
      const found = await call('events.consumers', {})
      assert.ok('result' in found)
      return { result: found.result.data.map(({ name }: { name: string }) => name) }
    })
    assert.deepEqual(consumers.result, ['crm'])
  })

  it('webhooks', async () => {
    const { result } = await bothWays(async (call) => {
      const created = await call('webhooks.create', { url: 'https://hooks.invalid/events', types: ['roster.removed'] })
      assert.ok('result' in created, JSON.stringify(created))
      const { id } = created.result
      const outcomes: Outcome[] = [created]
      outcomes.push(await call('webhooks.get', { id }))
      outcomes.push(await call('webhooks.update', { id, description: 'for orders', types: ['roster.updated', 'roster.removed'] }))
      outcomes.push(await call('webhooks.rotate', { id }))
      outcomes.push(await call('webhooks.test', { id }))
      outcomes.push(await call('webhooks.deliveries', { id, state: 'dead', limit: 5 }))
      outcomes.push(await call('webhooks.replay', { id, dead: true }))
      const listed = await call('webhooks.list', {})
      assert.ok('result' in listed && listed.result.data.some((one: { id: string }) => one.id === id))
      outcomes.push(await call('webhooks.remove', { id }), await call('webhooks.get', { id }))
      return { result: outcomes }
    })
    assert.equal(result.pop().problem.code, 'webhook-not-found')
    for (const outcome of result) assert.ok('result' in outcome, JSON.stringify(outcome))
    await fails('webhooks.create', 'address-not-allowed', () => ({ url: 'http://10.0.0.1/', types: ['*'] }))
    await fails('webhooks.create', 'session-not-found', () => ({
      url: 'https://hooks.invalid/',
      types: ['*'],
      session: 'nobody@example.com',
    }))
  })

  /** what was called by name above, or is below */
  const scripted = (id: string) =>
    /^(?:messages|roster|presence|iq|stanzas|events|tickets|webhooks|sessions)\.|^translate$|^stats\.get$/.test(id)

  for (const { id, inPath, examples } of offered.filter((one) => !scripted(one.id))) {
    it(`${id}: comes to the same`, async () => {
      const places = Object.fromEntries(inPath.map((name) => [name, 'nothing']))
      for (const example of examples.length > 0 ? examples : [{}]) await bothWaysInTheEnd((call) => call(id, { ...places, ...example }))
    })
  }

  it('the counts of all have the same members', async () => {
    await bothWays(async (call) => {
      const stats = await call('stats.get', {})
      assert.ok('result' in stats)
      return { result: Object.keys(stats.result) }
    })
  })

  it('sessions: listed, changed, opened again, and ended', async () => {
    // what waits in an outbox is shown
    const outbox = async ({ id }: Account) => (await cell().gateway.api('GET', `/sessions/${id}`)).body.outbox.length
    await until(async () => (await Promise.all(ways.map(({ account }) => outbox(account)))).every((length) => length === 0), 20_000)
    await succeeds('sessions.list', () => ({ limit: 1 }))
    await succeeds('sessions.get', ({ id }) => ({ id }))
    await fails('sessions.get', 'session-not-found', () => ({ id: 'ses_AAAAAAAAAAAAAAAAAAAAAA' }))
    await succeeds('sessions.update', ({ id }) => ({ id, handles: ['urn:example:other'] }))
    await fails('sessions.update', 'invalid-request', ({ id }) => ({ id, connections: 99 }))
    const { service } = cell().server
    await succeeds('sessions.open', ({ jid }) => ({ jid, password: PASSWORD, service, wait: 20 }))
    await fails('sessions.open', 'xmpp-authentication-failed', ({ jid }) => ({ jid, password: 'wrong', service }))
    assert.equal(await succeeds('sessions.close', ({ id }) => ({ id, status: 'Farewell' })), null)
    assert.equal((await juliet.events.closed).code, 1000)
  })

  it('nothing of the script is left out', () => {
    const left = offered.filter(({ id }) => scripted(id) && !done.has(id))
    assert.deepEqual(
      left.map(({ id }) => id),
      [],
    )
  })
})
