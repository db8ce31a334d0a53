/** Nothing over which streams end is written again without end, and it holds nothing else up; what only was on its way when a link broke gets through. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { forEachCell } from '../support/matrix.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import { type Account, isMessage, isPresence, openAccount, openClient, textOf, until, users, watch, withBody } from './account.ts'

/** ms in which what is under suspicion is given up: four streams with their pauses */
const GIVEN_UP = 60_000

const options = {
  server: { tls: false, users: users('romeo', 'juliet', 'nurse') },
  gateway: { env: { XMPP_PLAINTEXT_HOSTS: '127.0.0.1,localhost' } },
}

forEachCell('a server or a link that ends', options, (cell) => {
  let proxy: TcpProxy
  let romeo: Account
  let juliet: Client
  let nurse: Client

  before(async () => {
    proxy = await startProxy({ to: cell().server })
    ;[juliet, nurse] = await Promise.all([openClient(cell(), 'juliet'), openClient(cell(), 'nurse')])
  })
  // a session of its own for each: the pauses between tries grow with what happens to one
  beforeEach(async () => {
    romeo = await openAccount({ ...cell(), server: { ...cell().server, service: `xmpp://127.0.0.1:${proxy.port}` } }, 'romeo')
  })
  afterEach(async () => {
    proxy.cutAt(undefined)
    proxy.latency(0)
    await romeo?.close()
  })
  after(async () => {
    await Promise.all([juliet?.stop(), nurse?.stop(), proxy?.stop()])
  })

  const bareOf = ({ jid }: Client) => jid.split('/')[0] as string
  const state = async () => (await cell().gateway.api('GET', `/sessions/${romeo.id}`)).body.state
  const online = () => until(async () => (await state()) === 'online', GIVEN_UP)
  const settled = (id: string) =>
    romeo.events.next(({ type, subject }) => subject === id && ['message.acked', 'message.failed'].includes(type), GIVEN_UP)
  const bodies = (client: Client) =>
    client.stanzas.filter(({ element }) => isMessage(element)).map(({ element }) => textOf(element, 'body'))

  for (const how of ['reset', 'end'] as const) {
    it(`each stream over one message, by a ${how}, gets it four times at most; what is around it arrives once`, async () => {
      const name = `poison-${how}`
      proxy.cutAt(name, how)
      const before = await romeo.say(bareOf(juliet), `before ${name.slice(7)}`)
      const bad = await romeo.say(bareOf(juliet), name)
      const after = await romeo.say(bareOf(juliet), `after ${how}`)
      const other = await romeo.say(bareOf(nurse), `other ${how}`)
      assert.equal((await settled(other)).type, 'message.acked')
      assert.equal((await settled(before)).type, 'message.acked')
      const failed = await settled(bad)
      assert.deepEqual([failed.type, failed.data.error.code], ['message.failed', 'outcome-unknown'])
      assert.equal((await settled(after)).type, 'message.acked')
      assert.ok(proxy.copies <= 4, `${proxy.copies} copies`)
      await juliet.next(withBody(`after ${how}`))
      assert.equal(bodies(juliet).filter((body) => body === `before ${how}`).length, 1)
      assert.equal(bodies(nurse).filter((body) => body === `other ${how}`).length, 1)
    })
  }

  it('for reasons of its own, four times while many messages are on their way, costs none of them', async () => {
    await online()
    proxy.latency(30)
    const ids: string[] = []
    try {
      for (let round = 0; round < 4; round += 1) {
        await online()
        for (let n = 0; n < 8; n += 1) ids.push(await romeo.say(bareOf(n % 2 === 0 ? juliet : nurse), `flap ${round} ${n}`))
        proxy.cut()
      }
    } finally {
      proxy.latency(0)
    }
    for (const id of ids) assert.equal((await settled(id)).type, 'message.acked')
    const received = bodies(juliet).filter((body) => body?.startsWith('flap'))
    assert.deepEqual(received, received.toSorted(), 'in order')
    assert.equal(new Set(received).size, 16)
  })

  it('each stream over the own presence gets the last good one, and it is said', async () => {
    await online()
    await watch(romeo, juliet)
    await romeo.api('PUT', '/presence', { body: { show: 'away', status: 'good' } })
    const showing = (status: string) => (element: Parameters<typeof isPresence>[0]) =>
      isPresence(element) && element.attributes.from?.startsWith(romeo.jid) === true && textOf(element, 'status') === status
    await juliet.next(showing('good'))
    // until it counts as taken
    await delay(6_000)
    proxy.cutAt('evil-presence')
    assert.equal((await romeo.api('PUT', '/presence', { body: { status: 'evil-presence' } })).status, 200)
    const told = await romeo.events.next('presence.error', GIVEN_UP)
    assert.deepEqual([told.data.status, told.data.source, told.data.type], ['evil-presence', 'gateway', 'error'])
    await online()
    await juliet.next(showing('good'), GIVEN_UP)
    assert.ok(proxy.copies <= 4, `${proxy.copies} copies`)
    const id = await romeo.say(bareOf(juliet), 'as I was')
    assert.equal((await settled(id)).type, 'message.acked')
    assert.equal(await state(), 'online')
    const samples = samplesOf((await cell().gateway.api('GET', '/metrics')).text)
    assert.equal(sumOf(samples, 'given_up_total', { what: 'presence' }), 1)
  })

  it('streams while the presence is replaced comes online with the new one', async () => {
    proxy.refuse(true)
    proxy.cut()
    await until(async () => (await state()) !== 'online')
    const wanted = { show: 'dnd', status: 'wished while away' }
    const answer = await romeo.api('PUT', '/presence', { body: wanted })
    assert.deepEqual([answer.status, answer.body], [200, wanted])
    proxy.refuse(false)
    await juliet.next((element) => isPresence(element) && textOf(element, 'status') === wanted.status, GIVEN_UP)
    await online()
    proxy.refuse(true)
    proxy.cut()
    await until(async () => (await state()) !== 'online')
    assert.equal((await romeo.api('DELETE', '/presence')).status, 204)
    proxy.refuse(false)
    await juliet.next((element) => isPresence(element) && element.attributes.type === 'unavailable', GIVEN_UP)
    await online()
  })
})
