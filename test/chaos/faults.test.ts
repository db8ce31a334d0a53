/** What a caller sees of faults of the network, the server and the account: by the ids of the fault table. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, it } from 'node:test'
import { PASSWORD, until, users } from '../behaviour/account.ts'
import { forEachCell } from '../support/matrix.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import { startClient } from '../support/second-client.ts'
import { gatewayFile } from './revenant.ts'
import { openStage, type Stage } from './stage.ts'

/** ms for anything that a slow machine may be slow at */
const DEADLINE = 60_000

/** links here break more often than links do, so that nobody waits for a back-off of minutes, or long for a sign of life */
const BOUNDS = JSON.stringify({ backoffFirst: 50, backoffMax: 500, idle: 1_000, silence: 2_000 })

const text = 'aé漢👩‍💻𝒳 🇩🇪 e\u0301 \u{10FFFD}'
const stages = ['rst', 'half', 'killed', 'restarted', 'bytes', 'conflict', 'password']
const names = stages.flatMap((name) => [name, `${name}-peer`])
const cells = { server: { users: users(...names) }, gateway: { args: [gatewayFile], env: { BOUNDS } } }

forEachCell('faults', cells, (cell) => {
  let proxy: TcpProxy
  let open: (name: string) => Promise<Stage>
  const stop: { stop(): Promise<unknown> }[] = []

  before(async () => {
    proxy = await startProxy({ to: cell().server })
    const { server, gateway } = cell()
    open = async (name) => {
      const service = `xmpp://127.0.0.1:${proxy.port}`
      const stage = await openStage({ server, gateway, service, account: name, peers: [`${name}-peer`], password: PASSWORD })
      stop.push(stage)
      return stage
    }
  })
  beforeEach(async () => {
    for (const one of stop.splice(0)) await one.stop()
    for (const { id } of (await cell().gateway.api('GET', '/sessions')).body.data) await cell().gateway.api('DELETE', `/sessions/${id}`)
    proxy.slice(0)
    proxy.blackhole(false)
    proxy.refuse(false)
  })
  after(async () => {
    for (const one of stop) await one.stop()
    await proxy?.stop()
  })

  const both = async ({ producers, peers, jid }: Stage, count: number) => {
    await Promise.all([producers[0]?.post(count), peers[0]?.write(jid, count)])
  }
  const state = async ({ session }: Stage) => (await cell().gateway.api('GET', `/sessions/${session}`)).body.state as string
  const told = (stage: Stage, type: string) => stage.until(({ told: events }) => events.some((event) => event.type === type), DEADLINE)
  /** streams that the server did not give back, of all sessions so far */
  const refused = async () => sumOf(samplesOf((await cell().gateway.api('GET', '/metrics')).text), 'resume_total', { result: 'refused' })

  /** `killed`: the server was, perhaps between its archive, which the sender's account has, and the recipient. */
  async function allWell(stage: Stage, { killed = false } = {}): Promise<{ duplicates: number }> {
    assert.deepEqual(await stage.settled(DEADLINE), [])
    const { violations, accepted, delivered, lostByServer, failed, duplicates } = await stage.judge({ archive: killed })
    assert.deepEqual([violations, accepted - delivered - lostByServer, failed], [[], 0, 0])
    return { duplicates }
  }

  /** ejabberd may say at a resume how far it is and then go on with what it took in before: that it gets again, under the same ids. */
  async function nothingTwice(stage: Stage): Promise<void> {
    const { duplicates } = await allWell(stage)
    if (cell().server.kind === 'prosody') assert.equal(duplicates, 0)
  }

  it('resets while many messages go both ways lose nothing, and nothing comes twice', async () => {
    const earlier = await refused()
    const stage = await open('rst')
    for (let round = 0; round < 20; round += 1) {
      proxy.cutAfter(1 + ((round * 7919) % 6007))
      await both(stage, 15)
      if (round % 4 === 3) proxy.cut()
    }
    await nothingTwice(stage)
    assert.ok(proxy.connections >= 5)
    assert.equal(await refused(), earlier, 'each time the stream was resumed')
  })

  it('a link that swallows everything is noticed, and the stream is resumed', async () => {
    const earlier = await refused()
    const stage = await open('half')
    await both(stage, 5)
    proxy.blackhole(true)
    const writing = both(stage, 5)
    await until(async () => (await state(stage)) !== 'online', DEADLINE)
    proxy.cut()
    proxy.blackhole(false)
    await writing
    assert.deepEqual(await stage.settled(DEADLINE), [])
    assert.equal(await refused(), earlier, 'the stream was resumed')
    await nothingTwice(stage)
  })

  for (const [what, name] of [
    ['is killed', 'killed'],
    ['restarts in order', 'restarted'],
  ] as const) {
    it(`a server that ${what} is met again, and what it still had is restored`, async () => {
      const stage = await open(name)
      const { server } = cell()
      await both(stage, 5)
      // ejabberd answers for messages that it has not passed on or written yet: when it ends, even in order, they are nowhere
      if (server.kind === 'ejabberd') assert.deepEqual(await stage.settled(DEADLINE), [])
      const early = server.kind === 'prosody' ? both(stage, 20) : undefined
      const killed = name === 'killed' && server.kind === 'prosody'
      await (killed ? server.kill() : server.halt())
      const writing = early ?? both(stage, 20)
      await server.start()
      await writing
      assert.ok(await told(stage, 'session.caught-up'))
      await both(stage, 5)
      await allWell(stage, { killed })
    })
  }

  it('text is the same wherever its bytes are cut', async () => {
    const stage = await open('bytes')
    const { gateway, server } = cell()
    const { session, jid, peers } = stage
    const to = peers[0]?.jid as string
    const got: (string | undefined)[] = []
    const peer = await startClient({ server, jid: to, password: PASSWORD })
    try {
      for (const bytes of [1, 2, 3, 5, 7]) {
        proxy.slice(bytes)
        const { body } = await gateway.api('POST', '/messages', { query: { session }, body: { to, body: text } })
        const { element } = await peer.next(({ attributes }) => attributes.id === body.id, DEADLINE)
        got.push(JSON.stringify(element.children))
        peer.send(`<message to='${jid}' type='chat' id='b${bytes}'><body>${text}</body></message>`)
        const { data } = await until(async () => {
          const page = await gateway.api('GET', '/events', { query: { session, after: '0', types: 'message.received', limit: 1000 } })
          return page.body.data.find((event: { data: { id: string } }) => event.data.id === `b${bytes}`)
        }, DEADLINE)
        assert.equal(data.body, text)
      }
    } finally {
      await peer.stop()
    }
    assert.ok(got.every((children) => children?.includes(JSON.stringify(text))))
  })

  it('another client on the same resource ends the session, which does not fight for it', async () => {
    const stage = await open('conflict')
    const { gateway, server } = cell()
    const { session, jid, bound, peers } = stage
    await both(stage, 2)
    const connections = proxy.connections
    const other = await startClient({ server, jid, password: PASSWORD, resource: bound.split('/')[1] as string })
    try {
      assert.ok(await told(stage, 'session.conflict'))
      assert.equal(await state(stage), 'conflict')
      const refused = await gateway.api('POST', '/messages', { query: { session }, body: { to: peers[0]?.jid, body: 'no' } })
      assert.deepEqual([refused.status, refused.body.code], [409, 'session-stopped'])
      assert.equal(other.jid, bound)
      await other.request({ type: 'get', to: server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" }, DEADLINE)
      assert.equal(proxy.connections, connections)
    } finally {
      await other.stop()
    }
    const service = `xmpp://127.0.0.1:${proxy.port}`
    const again = await gateway.api('POST', '/sessions', { body: { jid, password: PASSWORD, service } })
    assert.deepEqual([again.status, again.body.id, again.body.state], [200, session, 'online'])
    await both(stage, 2)
    await allWell(stage)
  })

  it('a password that was changed elsewhere ends the session after one try; the new one opens it again', async () => {
    const stage = await open('password')
    const { gateway, server } = cell()
    const { session, jid } = stage
    await server.setPassword('password', 'another one')
    await server.restart()
    assert.ok(await told(stage, 'session.failed'))
    assert.equal(await state(stage), 'auth-failed')
    const service = `xmpp://127.0.0.1:${proxy.port}`
    const wrong = await gateway.api('POST', '/sessions', { body: { jid, password: PASSWORD, service } })
    assert.equal(wrong.body.code, 'xmpp-authentication-failed')
    const right = await gateway.api('POST', '/sessions', { body: { jid, password: 'another one', service } })
    assert.deepEqual([right.status, right.body.id, right.body.state], [200, session, 'online'])
  })
})

const fresh = { server: { users: users('romeo', 'juliet') }, gateway: cells.gateway }

forEachCell('a session that is being made', fresh, (cell) => {
  it('tells every message from the first one on that it takes in, also those that come before it is seen online', async () => {
    const { server, gateway } = cell()
    const proxy = await startProxy({ to: server })
    const juliet = await startClient({ server, jid: `juliet@${server.domain}`, password: PASSWORD })
    try {
      const jid = `romeo@${server.domain}`
      const write = async (number: number) => {
        juliet.send(`<message to='${jid}' type='chat' id='m${number}'><body>${number}</body></message>`)
        await juliet.request({ type: 'get', to: server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" }, DEADLINE)
      }
      proxy.latency(50)
      let made: string | undefined
      const making = gateway
        .api('POST', '/sessions', {
          body: { jid, password: PASSWORD, service: `xmpp://127.0.0.1:${proxy.port}` },
          headers: { prefer: 'wait=30' },
        })
        .then(({ body }) => {
          made = body.id
        })
      let last = 0
      while (made === undefined) {
        await write(++last)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      await making
      await write(++last)
      const told = await until(async () => {
        const query = { session: made as string, after: '0', types: 'message.received', limit: 1000 }
        const { body } = await gateway.api('GET', '/events', { query })
        const numbers = body.data.map(({ data }: { data: { body: string } }) => Number(data.body)) as number[]
        return numbers.includes(last) && numbers
      }, DEADLINE)
      // ejabberd sends what it held for an offline account while new ones come in, in any order
      if (server.kind === 'ejabberd') told.sort((a, b) => a - b)
      const breaks = told.flatMap((number, index) =>
        index > 0 && number !== (told[index - 1] as number) + 1 ? [[told[index - 1], number]] : [],
      )
      assert.deepEqual(breaks, [])
    } finally {
      await juliet.stop()
      await proxy.stop()
    }
  })
})

const unmanaged = { server: { users: users('romeo', 'juliet'), smacks: false }, gateway: cells.gateway }

forEachCell('faults without stream management', unmanaged, (cell) => {
  it('pings say what arrived, and after a cut the archive says what did not', async () => {
    const { server, gateway } = cell()
    const proxy = await startProxy({ to: server })
    const service = `xmpp://127.0.0.1:${proxy.port}`
    const stage = await openStage({ server, gateway, service, account: 'romeo', peers: ['juliet'], password: PASSWORD })
    try {
      const { producers, peers, jid, history } = stage
      await producers[0]?.post(1)
      assert.deepEqual(await stage.settled(DEADLINE), [])
      const record = (await gateway.api('GET', `/messages/${history.accepted[0]?.id}`)).body
      assert.equal(record.ackBy, 'ping')
      for (let round = 0; round < 3; round += 1) {
        const writing = Promise.all([producers[0]?.post(10), peers[0]?.write(jid, 10)])
        await stage.until(({ arrived }) => arrived.length >= round * 10 + 3, DEADLINE)
        proxy.cut()
        await writing
        assert.deepEqual(await stage.settled(DEADLINE), [])
      }
      const { violations, accepted, delivered, failed } = await stage.judge()
      assert.deepEqual([violations, accepted - delivered, failed], [[], 0, 0])
    } finally {
      await stage.stop()
      await proxy.stop()
    }
  })
})
