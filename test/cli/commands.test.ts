import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { run, type Surroundings } from '../../src/cli/run.ts'
import { createClient } from '../../src/client/client.ts'
import { version } from '../../src/version.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { freePorts } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import { type Client, startClient } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'

const alice = 'alice@localhost'
const bob = 'bob@localhost'

describe('the command line', () => {
  let server: XmppServer
  let gateway: TestGateway
  let env: Record<string, string | undefined>
  /** where nothing listens */
  let nowhere: string

  before(async () => {
    nowhere = `http://127.0.0.1:${(await freePorts(1))[0]}`
    server = await startProsody({ users: { alice: 'alice-password', bob: 'bob-password', carol: 'carol-password' } })
    gateway = await startGateway({ server, env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' } })
    for (const user of ['alice', 'bob']) await gateway.login({ jid: `${user}@localhost`, password: `${user}-password` })
    env = { STANZAGATE_URL: gateway.url, STANZAGATE_KEY: gateway.key, STANZAGATE_SESSION: alice }
  })
  after(async () => {
    await gateway?.stop()
    await server?.stop()
  })

  async function stanzagate(args: string[], more: Partial<Pick<Surroundings, 'env'>> & { input?: string } = {}) {
    const said = { out: '', err: '' }
    const code = await run({
      args,
      env: { ...env, ...more.env },
      input: async () => more.input ?? '',
      out: (text) => {
        said.out += text
      },
      err: (text) => {
        said.err += text
      },
      serve: () => assert.fail('it started the gateway'),
    })
    // biome-ignore lint/suspicious/noExplicitAny: tests assert on it
    const json = (): any[] => said.out.match(/.+/g)?.map((line) => JSON.parse(line)) ?? []
    return { code, ...said, json }
  }

  /** waits until a session has received these words */
  async function received(session: string, body: string): Promise<void> {
    for await (const event of createClient({ url: gateway.url, key: gateway.key }).events({
      session,
      types: 'message.received',
      after: '0',
    }))
      if (event.type === 'message.received' && event.data.body === body) return
  }

  /** a command that is to succeed: its words, and its values */
  async function both(...args: string[]) {
    const text = await stanzagate(args)
    assert.deepEqual([text.code, text.err], [0, ''])
    const { code, json } = await stanzagate([...args, '--json'])
    assert.equal(code, 0)
    return { text: text.out, values: json() }
  }

  it('says what it can do, and its version', async () => {
    const { code, out } = await stanzagate(['--help'])
    assert.equal(code, 0)
    for (const name of [
      'serve',
      'send',
      'sessions',
      'events',
      'roster',
      'presence',
      'rooms',
      'webhooks',
      'translate',
      'listen',
      'doctor',
      'key',
    ])
      assert.match(out, new RegExp(`^  ${name}\\b`, 'm'))
    for (const name of ['STANZAGATE_URL', 'STANZAGATE_KEY', 'STANZAGATE_SESSION', '--session', '--json'])
      assert.ok(out.includes(name), name)
    assert.match((await stanzagate(['send', '--help'])).out, /--wait <level>.*\n/)
    assert.deepEqual([(await stanzagate(['--version'])).out, (await stanzagate(['--version'])).code], [`${version}\n`, 0])
  })

  it('ends with 2 where it is wrongly used, and says how', async () => {
    for (const [args, said] of [
      [['shout', bob], /unknown command 'shout'/],
      [['send', bob], /missing required argument 'text'/],
      [['send', bob, 'Hi', 'there'], /too many arguments/],
      [['send', bob, 'Hi', '--type', 'loud'], /Allowed choices are chat/],
      [['roster', '--colour'], /unknown option '--colour'/],
      [['sessions', 'steal'], /too many arguments|unknown command/],
      [['rooms', 'join'], /missing required argument 'room'/],
      [['--json'], /Usage: stanzagate/],
      [['listen', 'nowhere'], /no http or https URL/],
      [['key', 'a b'], /A tenant is/],
      [['webhooks', 'replay', 'whk_x'], /Say which/],
    ] as [string[], RegExp][]) {
      const { code, out, err } = await stanzagate(args)
      assert.deepEqual([code, out], [2, ''], args.join(' '))
      assert.match(err, said)
    }
    const { code, err } = await stanzagate(['roster'], { env: { STANZAGATE_KEY: undefined } })
    assert.deepEqual([code, err], [2, 'STANZAGATE_KEY is not set: it is an API key or a session token\n'])
  })

  it('ends with 1 at a problem, with its detail and its code on standard error', async () => {
    const wrong = await stanzagate(['send', 'bob@@', 'Hi'])
    assert.deepEqual([wrong.code, wrong.out], [1, ''])
    assert.match(wrong.err, /^The domain is .* \(jid-malformed\)\n/)
    const unnamed = await stanzagate(['roster'], { env: { STANZAGATE_SESSION: '' } })
    assert.equal(unnamed.code, 1)
    assert.match(unnamed.err, /\(session-required\)\n--session or STANZAGATE_SESSION says which\.\n$/)
    const away = await stanzagate(['roster'], { env: { STANZAGATE_URL: nowhere } })
    assert.equal(away.code, 1)
    assert.match(away.err, /^http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED\. STANZAGATE_URL/)
    assert.match((await stanzagate(['roster'], { env: { STANZAGATE_KEY: 'sgk_wrong' } })).err, /\(unauthorized\)\n$/)
  })

  it('send', async () => {
    const { text, values } = await both('send', bob, 'Hello', '--subject', 'Words', '--wait', 'acked')
    assert.match(text, /^msg_\S+ {2}acked\n$/)
    assert.equal(values[0].status, 'acked')
    const piped = await stanzagate(['send', bob, '-', '--session', alice, '--json'], {
      input: 'Two\nlines\n',
      env: { STANZAGATE_SESSION: '' },
    })
    await received(bob, 'Two\nlines')
    assert.equal(piped.code, 0)
    const { out } = await stanzagate(['events', '--session', bob, '--types', 'message.received', '--json'])
    assert.match(out, /"subject":"Words"/)
    assert.match(out, /"body":"Two\\nlines"/)
  })

  it('send --wait ends with 3 when that did not come in time', async () => {
    const { code, out, err } = await stanzagate(['send', 'carol@localhost', 'Anybody?', '--wait', 'delivered', '--timeout', '1'])
    assert.equal(code, 3)
    assert.match(out, /^msg_\S+ {2}acked\n$/)
    assert.equal(err, 'It is acked, and not delivered within 1 s (timed-out)\n')
  })

  it('sessions', async () => {
    const { text, values } = await both('sessions')
    assert.match(text, /^ID +JID +STATE +SINCE +OUTBOX +REASON\nses_\S+ +alice@localhost +online /)
    assert.deepEqual(values.map(({ jid }) => jid).sort(), [alice, bob])
    const opened = await stanzagate(['sessions', 'open', 'carol@localhost', '--service', server.service], { input: 'carol-password\n' })
    assert.match(opened.out, /^ses_\S+ {2}carol@localhost {2}online\n$/)
    const id = opened.out.split(' ')[0]!
    const again = await stanzagate(['sessions', 'open', 'carol@localhost', '--service', server.service, '--json'], {
      env: { STANZAGATE_PASSWORD: 'carol-password' },
    })
    assert.deepEqual([again.json()[0].id, typeof again.json()[0].token], [id, 'string'])
    const shown = await both('sessions', 'show', id)
    assert.equal(JSON.parse(shown.text).jid, 'carol@localhost')
    assert.equal(shown.values[0].jid, 'carol@localhost')
    assert.deepEqual((await stanzagate(['sessions', 'close', id])).out, `${id} has ended\n`)
    const gone = await stanzagate(['sessions', 'close', id, '--json'])
    assert.deepEqual([gone.code, gone.out], [1, ''])
    assert.match(gone.err, /\(session-not-found\)/)
  })

  it('roster and presence', async () => {
    await gateway.api('PUT', `/roster/${bob}`, { query: { session: alice }, body: { name: 'Bob \u202eevil', groups: ['Friends'] } })
    const roster = await both('roster')
    assert.match(roster.text, /^JID +NAME +SUBSCRIPTION +GROUPS +PRESENCE\nbob@localhost +Bob \\u202eevil +none +Friends +offline\n$/)
    assert.deepEqual([roster.values[0].jid, roster.values[0].groups], [bob, ['Friends']])
    const presence = await both('presence')
    assert.match(presence.text, /^JID +PRESENCE\nbob@localhost +offline\n$/)
    assert.deepEqual(presence.values, [{ jid: bob, presences: [] }])
    assert.deepEqual((await both('presence', bob)).values, [{ jid: bob, presences: [] }])
    assert.equal((await stanzagate(['presence', '--show', 'away', '--status', 'at lunch'])).out, 'away: at lunch\n')
    const own = await stanzagate(['presence', '--priority', '0', '--json'])
    assert.deepEqual(own.json(), [{ priority: 0 }])
    assert.equal((await stanzagate(['presence', '--show', 'unavailable'])).out, 'unavailable\n')
    assert.equal((await stanzagate(['presence', '--show', 'available'])).out, 'available\n')
  })

  it('rooms', async () => {
    const room = 'verona@conference.localhost'
    const none = await both('rooms')
    assert.deepEqual(none, { text: 'ROOM  NICK  STATE  SINCE  OCCUPANTS  SUBJECT\n', values: [] })
    const early = await stanzagate(['send', room, 'Anybody?', '--type', 'groupchat'])
    assert.equal(early.code, 1)
    assert.match(early.err, /\(room-not-joined\)\n$/)
    const joined = await both('rooms', 'join', room, '--nick', 'Alice')
    assert.equal(joined.text, `${room}  Alice  joined\n`)
    assert.deepEqual([joined.values[0].room, joined.values[0].state], [room, 'joined'])
    const taken = await stanzagate(['rooms', 'join', room, '--nick', 'Alice', '--session', bob])
    assert.deepEqual([taken.code, taken.out], [1, ''])
    assert.match(taken.err, /\(xmpp-conflict\)\n$/)
    assert.equal((await stanzagate(['rooms', 'join', room, '--session', bob])).code, 0)
    const { text, values } = await both('rooms')
    assert.match(text, /^ROOM .*\nverona@conference\.localhost +Alice +joined +\S+Z +2\n$/)
    assert.deepEqual(
      values.map((one) => one.room),
      [room],
    )
    assert.equal((await stanzagate(['send', room, 'To all'])).code, 0)
    await received(bob, 'To all')
    assert.equal((await stanzagate(['rooms', 'leave', room, '--session', bob])).out, `${room} was left\n`)
    const left = await stanzagate(['rooms', 'leave', room, '--status', 'Adieu', '--json'])
    assert.deepEqual(left.json(), [{ room, left: true }])
    assert.match((await stanzagate(['rooms', 'leave', room])).err, /\(room-not-found\)\n$/)
  })

  it('rooms join ends with 3 when the room does not answer in time', async () => {
    // what is to join is no room, and nobody is there to say so
    const carol = 'carol@localhost'
    const { code, out, err } = await stanzagate(['rooms', 'join', carol, '--timeout', '0'])
    assert.equal(code, 3)
    assert.equal(out, `${carol}  alice  joining\n`)
    assert.equal(err, 'It is joining, and not joined within 0 s (timed-out)\n')
  })

  it('events', async () => {
    await stanzagate(['send', bob, 'One \u202e[31m', '--wait', 'acked'])
    await stanzagate(['send', bob, 'Last', '--wait', 'acked'])
    await received(bob, 'Last')
    const args = ['events', '--session', bob, '--types', 'message.received']
    const { text, values } = await both(...args)
    assert.match(text.trimEnd().split('\n').at(-1) ?? '', /^\d{4}-\S+Z {2}message\.received {2}alice@localhost\S* {2}Last$/)
    assert.match(text, /One \\u202e\[31m/)
    assert.equal(values.at(-1).data.body, 'Last')
    const after = await both(...args, '--after', values.at(-2).id)
    assert.deepEqual(
      after.values.map(({ data }) => data.body),
      ['Last'],
    )
    const first = await stanzagate([...args, '--consumer', 'reader', '--json'])
    assert.equal(first.json().length, values.length)
    assert.equal((await stanzagate([...args, '--consumer', 'reader'])).out, '')
  })

  it('translate', async () => {
    const xml = '<message to="bob@localhost"><body>Hi</body></message>'
    const json = await stanzagate(['translate', '--json'], { input: xml })
    assert.deepEqual(json.json(), [{ message: { to: bob, body: 'Hi' } }])
    assert.deepEqual(JSON.parse((await stanzagate(['translate'], { input: xml })).out), { message: { to: bob, body: 'Hi' } })
    const back = await stanzagate(['translate'], { input: json.out })
    assert.match(back.out, /^<message .*<body>Hi<\/body><\/message>\n$/)
    assert.deepEqual((await stanzagate(['translate', '--json'], { input: json.out })).json(), [{ xml: back.out.trimEnd() }])
    assert.deepEqual([(await stanzagate(['translate'], { input: 'neither' })).code], [2])
    assert.match((await stanzagate(['translate'], { input: '<message' })).err, /\(xml-malformed\)\n$/)
  })

  it('webhooks', async () => {
    const url = 'http://127.0.0.1:1/hook'
    const made = await stanzagate(['webhooks', 'create', url, '--types', 'message.received', '--ordering', 'strict', '--json'])
    const [{ id, secret, session }] = made.json()
    assert.match(secret, /^whsec_/)
    assert.ok(session)
    const { text, values } = await both('webhooks')
    assert.match(text, new RegExp(`^ID +URL +TYPES +STATE +BEHIND\\n${id} +${url} +message\\.received +enabled +0\\n$`))
    assert.equal(values[0].id, id)
    assert.equal(JSON.parse((await both('webhooks', 'show', id)).text).ordering, 'strict')
    const rotated = await both('webhooks', 'rotate', id)
    assert.match(rotated.text, /^whsec_\S+\n$/)
    const tried = await stanzagate(['webhooks', 'test', id])
    assert.equal(tried.code, 1)
    assert.match(tried.out, /^not delivered {2}.* ms\n$/)
    assert.match(tried.err, /The consumer did not take it/)
    assert.match((await both('webhooks', 'deliveries', id, '--state', 'dead')).text, /^ID +TYPE +STATE +TRIES +LAST +NEXT\n$/)
    assert.equal((await stanzagate(['webhooks', 'replay', id, '--dead'])).out, '0 queued\n')
    assert.equal((await stanzagate(['webhooks', 'enable', id])).out, `${id}  enabled\n`)
    assert.deepEqual((await stanzagate(['webhooks', 'remove', id, '--json'])).json(), [{ id, removed: true }])
    assert.match((await stanzagate(['webhooks', 'show', id])).err, /-not-found\)\n$/)
  })

  it('doctor', async () => {
    const { text, values } = await both('doctor')
    assert.match(
      text,
      /^ +CHECK +FOUND\nok +gateway +http.*\nok +ready .*\nok +key +tenant main, of stanzagate .*\nok +sessions +2 online\n$/,
    )
    assert.deepEqual(
      values.map(({ check, ok }) => [check, ok]),
      [
        ['gateway', true],
        ['ready', true],
        ['key', true],
        ['sessions', true],
      ],
    )
    const ill = await stanzagate(['doctor'], { env: { STANZAGATE_KEY: 'sgk_wrong' } })
    assert.equal(ill.code, 1)
    assert.match(ill.out, /NOT OK +key .*\(unauthorized\)/)
    assert.match(ill.err, /^Not ok: key, sessions\n$/)
    assert.match(
      (await stanzagate(['doctor'], { env: { STANZAGATE_URL: nowhere, STANZAGATE_KEY: undefined } })).out,
      /NOT OK +gateway +ECONNREFUSED/,
    )
  })

  it('key', async () => {
    const { text, values } = await both('key', 'acme')
    assert.match(text, /^API_KEYS=acme=sgk_[\w-]{32}\n$/)
    assert.match(values[0].key, /^sgk_[\w-]{32}$/)
    assert.notEqual(text, (await both('key', 'acme')).text)

    const made = await both('key', 'order bot', '--scopes', 'messages:write,events:read', '--recipients', '@localhost')
    assert.match(made.text, /^key_[\w-]{22} {2}sgk_[\w-]{43}\n$/)
    const [{ name, scopes, recipients, key }] = made.values
    assert.deepEqual([name, scopes, recipients], ['order bot', ['messages:write', 'events:read'], ['@localhost']])
    assert.deepEqual((await gateway.api('GET', '/me', { key })).body.scopes, scopes)
    const wrong = await stanzagate(['key', 'bot', '--scopes', 'messages:delete'])
    assert.deepEqual([wrong.code, (await stanzagate(['key', 'bot', '--recipients', '@localhost'])).code], [1, 2])
  })

  it('acts for the session of a token without being told', async () => {
    const { token } = await gateway.login({ jid: alice, password: 'alice-password' })
    const { code } = await stanzagate(['roster'], { env: { STANZAGATE_KEY: token, STANZAGATE_SESSION: undefined } })
    assert.equal(code, 0)
  })

  it('receives from a client of another make', async () => {
    let carol: Client | undefined
    try {
      carol = await startClient({ server, jid: 'carol@localhost', password: 'carol-password' })
      carol.send('<message type="chat" to="alice@localhost"><body>From slixmpp</body></message>')
      await received(alice, 'From slixmpp')
      assert.match((await stanzagate(['events', '--types', 'message.received'])).out, /From slixmpp/)
    } finally {
      await carol?.stop()
    }
  })
})
