/** The session as tools of an assistant, by the official client of the Model Context Protocol, in both its generations. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, it } from 'node:test'
import { promisify } from 'node:util'
import { type CallToolResult, Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { forEachCell } from '../support/matrix.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isPresence, openAccount, openClient, textOf, until, users, watch, withBody } from './account.ts'

const only = ['prosody+memory'] as const
const legacy = { mode: 'legacy' } as const
const modern = { mode: { pin: '2026-07-28' } } as const

forEachCell('assistants', { only, server: { users: users('romeo', 'juliet', 'nurse') }, gateway: { env: { MCP: 'on' } } }, (cell) => {
  let romeo: Account
  let juliet: Client
  let mcp: McpClient
  const clients: McpClient[] = []
  before(async () => {
    romeo = await openAccount(cell(), 'romeo')
    juliet = await openClient(cell(), 'juliet')
    mcp = await connect(romeo.token)
  })
  after(async () => {
    await Promise.all(clients.map((client) => client.close()))
    await juliet?.stop()
    await romeo?.close()
  })

  const bareOf = ({ jid }: Client) => jid.split('/')[0] as string

  async function connect(token: string, { query = '', versionNegotiation = legacy as typeof legacy | typeof modern } = {}) {
    const client = new McpClient({ name: 'assistant', version: '1' }, { versionNegotiation })
    const headers = { authorization: `Bearer ${token}` }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${cell().gateway.url}/mcp${query}`), { requestInit: { headers } }))
    clients.push(client)
    return client
  }

  const call = (name: string, args: Record<string, unknown> = {}, client = mcp) => client.callTool({ name, arguments: args })
  const wordsOf = ({ content }: CallToolResult) => content.map((one) => (one.type === 'text' ? one.text : '')).join('\n')

  // biome-ignore lint/suspicious/noExplicitAny: tests assert on it, which says more than a type
  async function answerOf(name: string, args?: Record<string, unknown>, client = mcp): Promise<any> {
    const result = await call(name, args, client)
    assert.ok(!result.isError, wordsOf(result))
    assert.deepEqual(JSON.parse(wordsOf(result)), result.structuredContent)
    return result.structuredContent
  }

  async function problemOf(name: string, args: Record<string, unknown>, client = mcp): Promise<string> {
    const result = await call(name, args, client)
    assert.equal(result.isError, true)
    return wordsOf(result)
  }

  /** a request as a page or a script makes it */
  const post = (body: unknown, { key = romeo.token as string | null, headers = {}, query = {} } = {}) =>
    cell().gateway.api('POST', '/mcp', { body, key, headers, query })
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

  for (const versionNegotiation of [legacy, modern])
    it(`are told the same tools by the protocol ${versionNegotiation === legacy ? 'of 2025' : 'of 2026'}`, async () => {
      const client = await connect(romeo.token, { versionNegotiation })
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map(({ name, inputSchema: { properties = {}, required = [] } }) => [name, Object.keys(properties), required]),
        [
          ['send_message', ['to', 'body'], ['to', 'body']],
          ['wait_for_messages', ['after', 'types', 'timeout'], []],
          ['list_conversation', ['with', 'room', 'before', 'limit'], []],
          ['get_roster', ['after'], []],
          ['set_presence', ['show', 'status', 'priority'], []],
          ['message_status', ['id'], ['id']],
          ['join_room', ['room', 'nick', 'password'], ['room']],
          ['send_to_room', ['room', 'body'], ['room', 'body']],
          ['list_rooms', ['service', 'after'], []],
        ],
      )
      const sent = await answerOf('send_message', { to: bareOf(juliet), body: 'By an assistant' }, client)
      await juliet.next(withBody('By an assistant'))
      await romeo.events.next(({ type, subject }) => type === 'message.acked' && subject === sent.id)
      const record = await answerOf('message_status', { id: sent.id }, client)
      assert.equal(record.to, bareOf(juliet))
    })

  it('wait for what is said, and go on where they were', async () => {
    const { next } = await answerOf('wait_for_messages', { timeout: 0 })
    const waiting = answerOf('wait_for_messages', { after: next, timeout: 20 })
    juliet.send(`<message to='${romeo.full}' type='chat' id='w1'><body>O Romeo\u202e</body></message>`)
    const { messages, next: second } = await waiting
    const [{ at, ...message }] = messages
    assert.match(at, /Z$/)
    assert.deepEqual(message, {
      ...{ event: 'message.received', from: juliet.jid, to: romeo.full, id: 'w1', type: 'chat', body: 'O Romeo\u202e' },
    })
    assert.deepEqual(await answerOf('wait_for_messages', { after: second, timeout: 0 }), { messages: [], next: second })
    const words = wordsOf(await call('wait_for_messages', { after: next, timeout: 0 }))
    assert.ok(words.includes('O Romeo\\u202e'), 'what turns the direction of text is written out')
    const { id } = await answerOf('send_message', { to: bareOf(juliet), body: 'I take thee at thy word' })
    const told = await answerOf('wait_for_messages', { after: second, types: ['message.acked'], timeout: 20 })
    assert.deepEqual(
      told.messages.map(({ event, data }: { event: string; data: { id: string } }) => [event, data.id]),
      [['message.acked', id]],
    )
    const { messages: said } = await answerOf('list_conversation', { with: bareOf(juliet), limit: 2 })
    assert.deepEqual(
      said.map(({ body }: { body: string }) => body),
      ['O Romeo\u202e', 'I take thee at thy word'],
    )
  })

  it('see and are seen', async () => {
    await watch(romeo, juliet)
    const isContact = ({ jid }: { jid: string }) => jid === bareOf(juliet)
    await until(async () => (await answerOf('get_roster')).data.some(isContact))
    const shows = (wanted: string | undefined) =>
      juliet.next((one) => isPresence(one) && one.attributes.from === romeo.full && textOf(one, 'status') === wanted)
    assert.deepEqual(await answerOf('set_presence', { show: 'away', status: 'At the ball' }), { show: 'away', status: 'At the ball' })
    await shows('At the ball')
    assert.deepEqual(await answerOf('set_presence', { show: 'unavailable' }), { show: 'unavailable' })
    await juliet.next((one) => isPresence(one) && one.attributes.type === 'unavailable' && one.attributes.from === romeo.full)
    assert.deepEqual(await answerOf('set_presence'), { show: 'available' })
  })

  it('join a room, and talk there', async () => {
    const room = `mantua@conference.${cell().server.domain}`
    assert.match(await problemOf('send_to_room', { room, body: 'Nobody?' }), /^room-not-joined: /)
    assert.equal((await answerOf('join_room', { room, nick: 'Romeo' })).state, 'joined')
    assert.deepEqual(
      (await answerOf('list_rooms')).data.map((one: { room: string }) => one.room),
      [room],
    )
    juliet.send(`<presence to='${room}/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>`)
    await juliet.next((one) => isPresence(one) && one.attributes.from === `${room}/Romeo`)
    const { next } = await answerOf('wait_for_messages', { timeout: 0 })
    const waiting = answerOf('wait_for_messages', { after: next, timeout: 20 })
    juliet.send(`<message to='${room}' type='groupchat' id='g1'><body>Good pilgrim</body></message>`)
    const { messages } = await waiting
    assert.deepEqual([messages[0].body, messages[0].room.jid, messages[0].room.nick], ['Good pilgrim', room, 'Juliet'])
    await answerOf('send_to_room', { room, body: 'Have not saints lips?' })
    const heard = await juliet.next(withBody('Have not saints lips?'))
    assert.deepEqual([heard.element.attributes.type, heard.element.attributes.from], ['groupchat', `${room}/Romeo`])
    assert.match(await problemOf('list_conversation', { room, with: bareOf(juliet) }), /^invalid-request: with: is not known/)
  })

  it('are told what is wrong in words', async () => {
    assert.match(await problemOf('send_message', { to: 'two@at@signs', body: 'x' }), /^jid-malformed: .*\nto: /s)
    assert.match(await problemOf('send_message', { to: bareOf(juliet) }), /^invalid-request: body: is required$/)
    assert.match(
      await problemOf('send_message', { to: bareOf(juliet), body: 'x', html: '<b>x</b>' }),
      /^invalid-request: html: is not known/,
    )
    assert.match(await problemOf('wait_for_messages', { timeout: 56 }), /^invalid-request: timeout: .*55$/)
    assert.match(await problemOf('wait_for_messages', { after: 'nowhere', timeout: 0 }), /^cursor-invalid: /)
    assert.match(await problemOf('message_status', { id: 'nothing' }), /^message-not-found: /)
    await assert.rejects(call('send_stanza', { xml: '<iq/>' }), /send_stanza/)
  })

  it('are bounded by their key', async () => {
    const { api } = cell().gateway
    const bounds = { scopes: ['messages:write', 'events:read'], recipients: [bareOf(juliet)] }
    const { body: made } = await api('POST', '/keys', { body: { name: 'assistant', ...bounds } })
    const client = await connect(made.key, { query: `?session=${romeo.id}` })
    await answerOf('send_message', { to: bareOf(juliet), body: 'Allowed' }, client)
    await juliet.next(withBody('Allowed'))
    const nurse = `nurse@${cell().server.domain}`
    assert.match(await problemOf('send_message', { to: nurse, body: 'Not allowed' }, client), /^recipient-not-allowed: /)
    assert.match(await problemOf('get_roster', {}, client), /^scope-missing: .*roster:read/)
  })

  it('have one session, which the token or the URL says', async () => {
    const { key } = cell().gateway
    const codeOf = async (answer: ReturnType<typeof post>) => {
      const { status, body } = await answer
      return [status, body.code]
    }
    assert.deepEqual(await codeOf(post(ping, { key: null })), [401, 'unauthorized'])
    assert.deepEqual(await codeOf(post(ping, { key })), [400, 'session-required'])
    assert.deepEqual(await codeOf(post(ping, { key, query: { session: 'ses_nobody' } })), [404, 'session-not-found'])
    assert.deepEqual(await codeOf(post(ping, { query: { session: 'ses_nobody' } })), [404, 'session-not-found'])
    assert.deepEqual(await codeOf(post(ping, { query: { sesion: romeo.id } })), [400, 'invalid-request'])
    assert.equal((await post(ping, { key, query: { session: romeo.jid } })).status, 200)
    await assert.rejects(connect(key), /session/)
  })

  it('are answered in JSON, one message at a time, and pages of strangers are not', async () => {
    assert.deepEqual((await post(ping)).body, { jsonrpc: '2.0', id: 1, result: {} })
    assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' })).status, 202)
    assert.equal((await post([ping, ping])).body.code, 'invalid-request')
    assert.equal((await post({ ...ping, method: 'nothing' })).body.error.code, -32601)
    assert.equal((await post(ping, { headers: { origin: 'https://elsewhere.example' } })).body.code, 'origin-not-allowed')
    assert.equal((await post(ping, { headers: { origin: cell().gateway.url } })).status, 200)
    const { status, headers } = await cell().gateway.api('GET', '/mcp')
    assert.deepEqual([status, headers.get('allow')], [405, 'POST'])
  })

  it('do what the guide says', async () => {
    const guide = readFileSync(new URL('../../docs/guides/mcp.md', import.meta.url), 'utf8')
    const { url, key } = cell().gateway
    const env = { ...process.env, URL: url, AUTH: `Authorization: Bearer ${key}` }
    const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block as string)
    const script = `set -e\ncurl() { command curl -sS --fail-with-body "$@"; echo; }\n${blocks.join('\n')}`
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { env, timeout: 30_000 })
    const [made, list, waited] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(waited.result.isError, undefined, stdout)
    const { tools } = list.result
    for (const { name } of tools) assert.ok(guide.includes(`| \`${name}`), name)
    const own = await connect(made.key, { query: '?session=romeo@localhost' })
    await answerOf('send_message', { to: bareOf(juliet), body: 'With a key of its own' }, own)
    await juliet.next(withBody('With a key of its own'))
  })

  it('get no more at one time than they should', async () => {
    const { next } = await answerOf('wait_for_messages', { timeout: 0 })
    const wait = { name: 'wait_for_messages', arguments: { after: next, timeout: 55 } }
    const answers = Array.from({ length: 33 }, (_, id) => post({ jsonrpc: '2.0', id, method: 'tools/call', params: wait }))
    // one is refused at once; the others wait until somebody says something
    const refused = await Promise.race(answers)
    assert.deepEqual([refused.status, refused.body.code], [429, 'too-many-requests'])
    juliet.send(`<message to='${romeo.full}' type='chat'><body>Enough</body></message>`)
    const heard = (await Promise.all(answers)).filter(({ status }) => status === 200)
    assert.equal(heard.length, 32)
    assert.ok(heard.every(({ body }) => body.result.structuredContent.messages[0].body === 'Enough'))
  })
})

forEachCell('where assistants are not wanted', { only, server: { users: {} } }, (cell) => {
  it('there is nothing for them', async () => {
    assert.equal((await cell().gateway.api('POST', '/mcp', { body: {} })).body.code, 'not-found')
  })
})
