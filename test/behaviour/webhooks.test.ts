import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { after, afterEach, before, describe, it } from 'node:test'
import { forEachCell } from '../support/matrix.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import type { Client } from '../support/second-client.ts'
import { createWallClock } from '../support/wall-clock.ts'
import { type Delivery, type Receiver, startReceiver } from '../webhooks/receiver.ts'
import { type Account, openAccount, openClient, until, users } from './account.ts'

/** Verifies as consumers do. */
function isSigned({ headers, body }: Delivery, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  const isRecent = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 60
  return isRecent && String(headers['webhook-signature']).split(' ').includes(expected)
}

const told = ({ body }: Delivery) => JSON.parse(body)
const says = (text: string) => (delivery: Delivery) => told(delivery).data?.body === text

forEachCell(
  'webhooks',
  { server: { users: users('romeo', 'juliet', 'paris') }, gateway: { env: { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' } } },
  (cell) => {
    let romeo: Account
    let juliet: Client
    let receiver: Receiver
    const made: string[] = []

    before(async () => {
      romeo = await openAccount(cell(), 'romeo')
      juliet = await openClient(cell(), 'juliet')
      receiver = await startReceiver()
    })
    afterEach(async () => {
      for (const id of made.splice(0)) await cell().gateway.api('DELETE', `/webhooks/${id}`)
      receiver.answers = 204
      receiver.deliveries.length = 0
    })
    after(async () => {
      await Promise.all([juliet?.stop(), romeo?.close(), receiver?.stop()])
    })

    const api: Account['api'] = (method, path, options) => cell().gateway.api(method, path, options)
    async function create(more: object = {}) {
      const { status, body, text } = await api('POST', '/webhooks', { body: { url: receiver.url, types: ['message.received'], ...more } })
      assert.equal(status, 201, text)
      made.push(body.id)
      return body
    }
    const write = (body: string) => juliet.send(`<message to='${romeo.full}' type='chat'><body>${body}</body></message>`)
    const get = async (id: string) => (await api('GET', `/webhooks/${id}`)).body
    const rows = async (id: string, query = {}) => (await api('GET', `/webhooks/${id}/deliveries`, { query })).body.data

    it('send each event once, as a signed request', async () => {
      const webhook = await create({ headers: { Authorization: 'Bearer mine', 'X-Mine': 'yes' }, description: 'mine' })
      assert.match(webhook.id, /^whk_/)
      assert.match(webhook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
      assert.deepEqual(webhook.headers, { Authorization: 'set', 'X-Mine': 'yes' })
      assert.deepEqual([webhook.state, webhook.ordering, webhook.cursorLag], ['enabled', 'relaxed', { events: 0, seconds: 0 }])
      write('one event')
      const event = await romeo.events.next((one) => one.data?.body === 'one event')
      const [first] = await receiver.received(1)
      assert.ok(first && isSigned(first, webhook.secret))
      assert.deepEqual(told(first), event)
      assert.deepEqual(
        [first.method, first.headers['webhook-id'], first.headers['content-type']],
        ['POST', event.id, 'application/cloudevents+json'],
      )
      assert.deepEqual([first.headers.authorization, first.headers['x-mine']], ['Bearer mine', 'yes'])
      assert.match(String(first.headers['user-agent']), /^stanzagate\/\d/)
      write('another')
      await receiver.received(2)
      assert.equal(receiver.deliveries.filter(says('one event')).length, 1)
      const [last] = await until(async () => {
        const all = await rows(webhook.id)
        return all.length === 2 && all
      })
      assert.match(last.id, /^dlv_/)
      assert.deepEqual(
        [last.state, last.event.type, last.event.session, last.attempts[0].status],
        ['delivered', 'message.received', romeo.id, 204],
      )
      const { secret: _, lastDelivery: __, ...rest } = webhook
      const shown = await get(webhook.id)
      assert.equal(shown.lastDelivery.status, 204)
      assert.deepEqual({ ...shown, lastDelivery: undefined }, { ...rest, lastDelivery: undefined })
    })

    it('send what they name: * leaves out what is volatile', async () => {
      await create({ url: `${receiver.url}/all`, types: ['*'], session: romeo.jid })
      await create({ url: `${receiver.url}/chat`, types: ['chatstate.*'], session: romeo.id })
      juliet.send(`<message to='${romeo.full}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`)
      write('after the state')
      const of = (path: string) => (delivery: Delivery) => delivery.path.endsWith(path)
      await receiver.received(1, (one) => of('/all')(one) && says('after the state')(one))
      await receiver.received(1, of('/chat'))
      assert.deepEqual(
        receiver.deliveries.filter(of('/chat')).map((one) => told(one).type),
        ['chatstate.changed'],
      )
      assert.ok(receiver.deliveries.filter(of('/all')).every((one) => told(one).type !== 'chatstate.changed'))
    })

    it('try again what fails, under the same id, and show it meanwhile', async () => {
      receiver.answers = 503
      const webhook = await create({ ordering: 'strict' })
      write('fails at first')
      write('waits behind it')
      await receiver.received(1)
      const failing = await until(async () => {
        const shown = await get(webhook.id)
        return shown.nextTry !== undefined && shown.cursorLag.events === 2 && shown
      })
      assert.equal(failing.lastDelivery.status, 503)
      const [row] = await rows(webhook.id, { state: 'pending' })
      assert.ok(row.attempts.length >= 1 && row.attempts[0].status === 503 && row.nextTry)
      receiver.answers = 200
      await receiver.received(1, says('waits behind it'), 30_000)
      const all = receiver.deliveries.filter(says('fails at first'))
      assert.ok(all.length >= 2)
      assert.equal(new Set(all.map(({ headers }) => headers['webhook-id'])).size, 1)
      assert.ok(all.every((one) => isSigned(one, webhook.secret)))
      await until(async () => (await get(webhook.id)).cursorLag.events === 0)
      await until(async () => (await rows(webhook.id, { state: 'pending' })).length === 0)
    })

    it('are disabled by 410 at once, and go on from their place when they are enabled', async () => {
      receiver.answers = 410
      const webhook = await create({ ordering: 'strict' })
      write('not wanted')
      const gone = await until(async () => {
        const shown = await get(webhook.id)
        return shown.state === 'disabled' && shown
      })
      assert.equal(gone.reason, 'gone')
      const event = await romeo.events.next(({ type, subject }) => type === 'webhook.disabled' && subject === webhook.id)
      assert.deepEqual([event.data.reason, event.data.secrets, event.data.secret], ['gone', undefined, undefined])
      write('while it is disabled')
      await romeo.events.next((one) => one.data?.body === 'while it is disabled')
      assert.equal(receiver.deliveries.length, 1)
      receiver.answers = 200
      const changed = await api('PATCH', `/webhooks/${webhook.id}`, { body: { state: 'enabled' } })
      assert.deepEqual([changed.status, changed.body.state, changed.body.reason], [200, 'enabled', undefined])
      await receiver.received(1, says('while it is disabled'))
      assert.deepEqual(
        receiver.deliveries.slice(1).map((one) => told(one).data.body),
        ['not wanted', 'while it is disabled'],
      )
    })

    it('begin where they are told, and replay what was delivered', async () => {
      const before = (await romeo.api('GET', '/events', { query: { limit: 1000 } })).body.page.next
      write('r1')
      write('r2')
      write('r3')
      const third = await romeo.events.next((one) => one.data?.body === 'r3')
      const webhook = await create({ session: romeo.id, after: before, ordering: 'strict' })
      await receiver.received(3)
      assert.deepEqual(
        receiver.deliveries.map((one) => told(one).data.body),
        ['r1', 'r2', 'r3'],
      )
      const listed = await until(async () => {
        const all = await rows(webhook.id, { state: 'delivered' })
        return all.length === 3 && all
      })
      const replayed = await api('POST', `/webhooks/${webhook.id}/replay`, { body: { delivery: listed[1].id } })
      assert.deepEqual([replayed.status, replayed.body], [202, { queued: 1 }])
      const [fourth] = (await receiver.received(4)).slice(3)
      assert.equal(fourth!.headers['webhook-id'], listed[1].event.id)
      assert.ok(isSigned(fourth!, webhook.secret))
      const row = await until(async () => (await rows(webhook.id)).find((one: { replayOf?: string }) => one.replayOf !== undefined))
      assert.deepEqual([row.replayOf, row.state], [listed[1].id, 'delivered'])
      const range = await api('POST', `/webhooks/${webhook.id}/replay`, { body: { session: romeo.jid, after: before, until: third.id } })
      assert.deepEqual([range.status, range.body], [202, { queued: 3 }])
      await receiver.received(7)
      assert.deepEqual(
        receiver.deliveries.slice(4).map((one) => told(one).data.body),
        ['r1', 'r2', 'r3'],
      )
      const none = await api('POST', `/webhooks/${webhook.id}/replay`, { body: { dead: true } })
      assert.deepEqual([none.status, none.body], [202, { queued: 0 }])
      const unknown = await api('POST', `/webhooks/${webhook.id}/replay`, { body: { delivery: 'dlv_none' } })
      assert.deepEqual([unknown.status, unknown.body.code], [404, 'delivery-not-found'])
      const foreign = await api('POST', `/webhooks/${webhook.id}/replay`, { body: { session: romeo.id, after: 'nonsense' } })
      assert.deepEqual([foreign.status, foreign.body.code], [400, 'cursor-invalid'])
    })

    it('rotate their secret: both sign until the old one expires', async () => {
      const webhook = await create()
      const { status, body } = await api('POST', `/webhooks/${webhook.id}/rotate`)
      assert.equal(status, 200)
      assert.notEqual(body.secret, webhook.secret)
      const hours = (Date.parse(body.expiresAt) - Date.now()) / 3_600_000
      assert.ok(hours > 23.9 && hours <= 24)
      const { secrets } = await get(webhook.id)
      assert.deepEqual([secrets.length, secrets[0].id, secrets[1].expiresAt], [2, body.id, body.expiresAt])
      await until(async () => {
        receiver.deliveries.length = 0
        write('signed twice')
        const [one] = await receiver.received(1)
        return one && isSigned(one, webhook.secret) && isSigned(one, body.secret)
      })
    })

    it('are tested by one event, whose fate is told', async () => {
      const webhook = await create()
      const good = await api('POST', `/webhooks/${webhook.id}/test`)
      assert.equal(good.status, 200)
      assert.deepEqual([good.body.delivered, good.body.status], [true, 204])
      const [sent] = await receiver.received(1)
      assert.equal(told(sent!).type, 'webhook.test')
      assert.ok(isSigned(sent!, webhook.secret))
      receiver.answers = (_, response) => response.writeHead(418).end('a teapot')
      const bad = (await api('POST', `/webhooks/${webhook.id}/test`)).body
      assert.deepEqual([bad.delivered, bad.status, bad.answer], [false, 418, 'a teapot'])
      const silent = await startReceiver()
      await silent.stop()
      await api('PATCH', `/webhooks/${webhook.id}`, { body: { url: silent.url } })
      const none = (await api('POST', `/webhooks/${webhook.id}/test`)).body
      assert.deepEqual([none.delivered, none.status], [false, undefined])
      assert.match(none.error, /ECONNREFUSED/)
    })

    it('look names up at each try, and call none that is private', async () => {
      const { id, url } = await create({ url: 'https://localhost:1/hook' })
      assert.equal(url, 'https://localhost:1/hook')
      const { status, body } = await api('POST', `/webhooks/${id}/test`)
      assert.deepEqual([status, body.delivered, body.status], [200, false, undefined])
      assert.match(body.error, /^address-not-allowed: .*WEBHOOK_PRIVATE_HOSTS/)
    })

    it('are changed in everything but their id, and sent as they are then', async () => {
      const webhook = await create({ headers: { 'x-mine': '1' }, description: 'first' })
      // without what goes on meanwhile
      const settings = ({ lastDelivery: _, cursorLag: __, nextTry: ___, secret: ____, ...rest }: Record<string, unknown>) => rest
      const change = async (body: object) => {
        const { status, text, body: changed } = await api('PATCH', `/webhooks/${webhook.id}`, { body })
        assert.equal(status, 200, text)
        assert.deepEqual(settings(await get(webhook.id)), settings(changed))
        return settings(changed)
      }
      const shown = settings(webhook)
      assert.deepEqual(await change({}), shown)
      const all = { types: ['message.received', 'chatstate.*'], session: romeo.id, ordering: 'strict', description: 'second' }
      const moved = { ...all, url: `${receiver.url}/moved` }
      assert.deepEqual(await change({ ...moved, session: romeo.jid, headers: { Authorization: 'mine', 'x-other': '2' } }), {
        ...shown,
        ...moved,
        headers: { Authorization: 'set', 'x-other': '2' },
      })
      // what every instance hears of, and only then
      const [first] = await until(async () => {
        write('changed')
        return await receiver.received(1, ({ path }) => path.endsWith('/moved'), 500).catch(() => undefined)
      })
      assert.deepEqual([first!.headers.authorization, first!.headers['x-other'], first!.headers['x-mine']], ['mine', '2', undefined])
      const bare = await change({ headers: null, description: null, session: null, types: ['message.received'] })
      assert.deepEqual([bare.headers, bare.description, bare.session, bare.types], [undefined, undefined, undefined, ['message.received']])
      const off = await change({ state: 'disabled' })
      assert.deepEqual([off.state, off.reason], ['disabled', 'manual'])
      const on = await change({ state: 'enabled' })
      assert.deepEqual([on.state, on.reason], ['enabled', undefined])
      const refused = async (body: object) => {
        const answer = await api('PATCH', `/webhooks/${webhook.id}`, { body })
        return [answer.status, answer.body.code, answer.body.errors?.[0].path]
      }
      assert.deepEqual(await refused({ id: 'whk_mine' }), [400, 'invalid-request', 'body.id'])
      assert.deepEqual(await refused({ state: 'failing' }), [400, 'invalid-request', 'body.state'])
      assert.deepEqual(await refused({ headers: { Host: 'a' } }), [400, 'invalid-request', 'body.headers.Host'])
      assert.deepEqual(await refused({ url: 'https://10.0.0.1/' }), [422, 'address-not-allowed', undefined])
      assert.deepEqual(await refused({ session: 'ses_none' }), [404, 'session-not-found', undefined])
      assert.deepEqual(settings(await get(webhook.id)), on)
    })

    it('hold up nothing else while a consumer does not answer: no other webhook, no stream, no message', async () => {
      const held: ServerResponse[] = []
      receiver.answers = ({ path }, response) => void (path.endsWith('/slow') ? held.push(response) : response.writeHead(204).end())
      await create({ url: `${receiver.url}/slow` })
      await create({ url: `${receiver.url}/fast` })
      for (let number = 0; number < 20; number += 1) write(`n${number}`)
      await receiver.received(16, ({ path }) => path.endsWith('/slow'))
      await receiver.received(20, ({ path }) => path.endsWith('/fast'))
      await romeo.events.next((one) => one.data?.body === 'n19')
      const sent = await romeo.api('POST', '/messages', { body: { to: juliet.jid, body: 'meanwhile' }, headers: { prefer: 'wait=30' } })
      assert.deepEqual([sent.status, sent.body.status], [200, 'acked'])
      assert.ok(held.length === 16 && held.every((response) => !response.writableEnded && !response.destroyed))
      for (const response of held) response.writeHead(204).end()
    })

    it('fail after ten tries in a row and not after nine, and recover with what waited, in order', async () => {
      receiver.answers = 500
      const webhook = await create({ session: romeo.id })
      // relaxed: each event fails by itself, so ten tries are soon made
      for (let number = 0; number < 9; number += 1) write(`n${number}`)
      await receiver.received(9)
      const tries = () => receiver.deliveries.length
      const state = await get(webhook.id)
      if (tries() === 9) assert.equal(state.state, 'enabled')
      write('n9')
      const failing = await until(async () => {
        const shown = await get(webhook.id)
        return shown.state === 'failing' && shown
      }, 20_000)
      assert.ok(tries() >= 10)
      assert.ok(Date.parse(failing.since) > Date.parse(failing.createdAt))
      const event = await romeo.events.next(({ type, subject }) => type === 'webhook.failing' && subject === webhook.id)
      assert.equal(event.data.state, 'failing')
      const logged = () => cell().gateway.logs.filter(({ entry }) => entry?.event === 'webhook.state' && entry.webhook === webhook.id)
      await until(async () => logged().length === 1 && logged()[0]!.entry!.state === 'failing')
      for (const body of ['w1', 'w2', 'w3']) write(body)
      await romeo.events.next((one) => one.data?.body === 'w3')
      receiver.answers = 200
      assert.equal((await api('POST', `/webhooks/${webhook.id}/test`)).body.delivered, true)
      await receiver.received(1, says('w3'))
      const recovered = await romeo.events.next(({ type, subject }) => type === 'webhook.recovered' && subject === webhook.id)
      assert.equal(recovered.data.state, 'enabled')
      await until(async () => {
        const { state, cursorLag } = await get(webhook.id)
        return state === 'enabled' && cursorLag.events === 0
      })
      for (let number = 0; number < 10; number += 1) assert.ok(receiver.deliveries.some(says(`n${number}`)))
      const all = await until(async () => {
        const found = await rows(webhook.id, { limit: 1000 })
        return found.length === 13 && found.every(({ state }: { state: string }) => state === 'delivered') && found
      })
      const page = (await api('GET', `/webhooks/${webhook.id}/deliveries`, { query: { limit: 5 } })).body
      const rest = (await api('GET', `/webhooks/${webhook.id}/deliveries`, { query: { limit: 1000, after: page.page.next } })).body
      assert.deepEqual([...page.data, ...rest.data], all)
      assert.deepEqual([page.page.complete, rest.page], [false, { complete: true }])
      const times = all.map(({ firstTryAt }: { firstTryAt: string }) => firstTryAt)
      assert.deepEqual(times, times.toSorted().reverse())
      assert.deepEqual(
        [(await rows(webhook.id, { state: 'delivered' })).length, await rows(webhook.id, { state: 'dead' })],
        [all.length, []],
      )
    })

    it('tell the end of a session last', async () => {
      const paris = await openAccount(cell(), 'paris')
      await create({ types: ['session.*'], session: paris.id })
      await paris.close()
      const all = await receiver.received(1, (one) => told(one).type === 'session.ended')
      assert.equal(told(all[0]!).source, `/sessions/${paris.id}`)
    })

    describe('are refused', () => {
      const refused = async (body: object) => {
        const answer = await api('POST', '/webhooks', { body: { url: 'https://example.org/', types: ['*'], ...body } })
        if (answer.status === 201) made.push(answer.body.id)
        return [answer.status, answer.body.code]
      }

      it('for addresses that are not public', async () => {
        for (const url of [
          ...[
            'http://example.org/',
            'https://10.0.0.1/',
            'https://[::1]/',
            'https://0x7f.2/',
            'https://user:pass@example.org/',
            'ftp://example.org/',
          ],
          ...[
            'https://169.254.169.254/',
            'http://127.0.0.2/',
            'not a url',
            'https://[::ffff:10.0.0.1]/',
            'https://2130706434/',
            'https://example.org:0/',
          ],
        ])
          assert.deepEqual(await refused({ url }), [422, 'address-not-allowed'], url)
      })

      it('for headers that are not theirs, wrong types, and what is too long', async () => {
        for (const headers of [
          { Host: 'a' },
          { 'Content-Type': 'a' },
          { 'webhook-id': 'a' },
          { a: 'b\r\nc: d' },
          { 'a b': 'c' },
          { a: 'x'.repeat(5_000) },
        ])
          assert.deepEqual(await refused({ headers }), [400, 'invalid-request'], JSON.stringify(headers))
        assert.deepEqual(await refused({ headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`x-${n}`, ''])) }), [
          400,
          'invalid-request',
        ])
        const most = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${n}`, 'x'.repeat(190)]))
        assert.deepEqual(await refused({ headers: most, url: `https://example.org/${'a'.repeat(2_028)}` }), [201, undefined])
        assert.deepEqual(await refused({ description: 'x'.repeat(501) }), [400, 'invalid-request'])
        assert.deepEqual(await refused({ types: [] }), [400, 'invalid-request'])
        assert.deepEqual(await refused({ types: ['no type'] }), [400, 'invalid-request'])
        assert.deepEqual(await refused({ url: `https://example.org/${'a'.repeat(2_048)}` }), [400, 'invalid-request'])
        assert.deepEqual(await refused({ after: '0' }), [400, 'invalid-request'])
        assert.deepEqual(await refused({ session: 'ses_none' }), [404, 'session-not-found'])
        assert.deepEqual(await refused({ session: romeo.id, after: 'nonsense' }), [400, 'cursor-invalid'])
      })

      it('where there is none, and for what cannot be replayed or listed', async () => {
        const none = '/webhooks/whk_none'
        for (const [method, path, body] of [
          ...[['GET', none] as const, ['PATCH', none, { state: 'enabled' }] as const, ['DELETE', none] as const],
          ...[['GET', `${none}/deliveries`] as const, ['POST', `${none}/replay`, { dead: true }] as const],
          ...[['POST', `${none}/test`] as const, ['POST', `${none}/rotate`] as const],
        ]) {
          const answer = await api(method, path, body ? { body } : {})
          assert.deepEqual([answer.status, answer.body.code], [404, 'webhook-not-found'], `${method} ${path}`)
        }
        const { id } = await create()
        for (const body of [{}, { dead: false }, { dead: true, delivery: 'dlv_1' }, { session: romeo.id }, { after: '0' }, { all: true }]) {
          const answer = await api('POST', `/webhooks/${id}/replay`, { body })
          assert.deepEqual([answer.status, answer.body.code], [400, 'invalid-request'], JSON.stringify(body))
        }
        for (const query of [{ state: 'failed' }, { after: 'dlv_none' }, { limit: 0 }, { stat: 'dead' }] as Record<string, string>[]) {
          const answer = await api('GET', `/webhooks/${id}/deliveries`, { query })
          assert.deepEqual(
            [answer.status, answer.body.code, answer.body.errors[0].path],
            [400, 'invalid-request', `query.${Object.keys(query)[0]}`],
          )
        }
        const ended = await api('POST', `/webhooks/${id}/replay`, { body: { session: 'ses_none', after: '0' } })
        assert.deepEqual([ended.status, ended.body.code], [404, 'session-not-found'])
      })

      it('where there are a hundred', async () => {
        const { length } = (await api('GET', '/webhooks', { query: { limit: 1000 } })).body.data
        for (let number = length; number < 100; number += 1) await create({ url: 'https://example.org/', session: romeo.id })
        assert.deepEqual(await refused({}), [422, 'limit-exceeded'])
        const page = (await api('GET', '/webhooks', { query: { limit: 60 } })).body
        const rest = (await api('GET', '/webhooks', { query: { limit: 60, after: page.page.next } })).body
        assert.deepEqual([page.data.length, page.page.complete, rest.data.length, rest.page.complete], [60, false, 40, true])
      })
    })

    it('of a session are all that its token sees', async () => {
      const all = await create()
      // its own session need not be named
      const own = await api('POST', '/webhooks', { key: romeo.token, body: { url: receiver.url, types: ['*'], after: '0' } })
      assert.deepEqual([own.status, own.body.session], [201, romeo.id])
      made.push(own.body.id)
      const listed = await api('GET', '/webhooks', { key: romeo.token })
      assert.deepEqual(
        listed.body.data.map(({ id }: { id: string }) => id),
        [own.body.id],
      )
      const other = await api('GET', `/webhooks/${all.id}`, { key: romeo.token })
      assert.deepEqual([other.status, other.body.code], [404, 'webhook-not-found'])
      const removed = await api('DELETE', `/webhooks/${own.body.id}`, { key: romeo.token })
      assert.equal(removed.status, 204)
      assert.equal((await api('GET', `/webhooks/${own.body.id}`)).status, 404)
    })

    it('are counted', async () => {
      const samples = samplesOf((await api('GET', '/metrics')).text)
      for (const result of ['delivered', 'failed']) assert.ok(sumOf(samples, 'webhook_deliveries_total', { result }) > 0, result)
      for (const state of ['failing', 'recovered', 'disabled']) assert.ok(sumOf(samples, 'webhook_states_total', { state }) > 0, state)
      assert.ok(sumOf(samples, 'webhook_duration_seconds_count') > 0)
    })
  },
)

const HOUR = 3_600_000
const clock = createWallClock()

forEachCell(
  'webhooks in the course of days',
  {
    only: ['prosody+memory'],
    server: { users: users('romeo', 'juliet') },
    gateway: { env: { ...clock.env, WEBHOOK_PRIVATE_HOSTS: '127.0.0.1', EVENT_LOG_MAX: '20' } },
  },
  (cell) => {
    it('give events up, send them again from there, and tell what the log has forgotten', async (t) => {
      const { api } = cell().gateway
      const romeo = await openAccount(cell(), 'romeo')
      const juliet = await openClient(cell(), 'juliet')
      const receiver = await startReceiver()
      t.after(() => Promise.all([juliet.stop(), romeo.close(), receiver.stop()]))
      const write = (body: string) => juliet.send(`<message to='${romeo.full}' type='chat'><body>${body}</body></message>`)
      receiver.answers = (delivery, response) => response.writeHead(says('poison')(delivery) ? 500 : 200).end()
      const { body: webhook } = await api('POST', '/webhooks', {
        body: { url: receiver.url, types: ['message.received'], session: romeo.id, ordering: 'strict' },
      })
      const path = `/webhooks/${webhook.id}`
      const rows = async (state: string) => (await api('GET', `${path}/deliveries`, { query: { state } })).body.data
      const replay = async (body: object) => {
        const answer = await api('POST', `${path}/replay`, { body })
        return [answer.status, answer.body.queued ?? answer.body.code]
      }
      const goOn = () => api('PATCH', path, { body: { state: 'enabled' } })

      write('poison')
      const [failed] = await until(async () => {
        const pending = await rows('pending')
        return pending.length === 1 && pending
      })
      // each wait may be longer than the one before, up to 6 h
      for (let tries = failed.attempts.length; tries < 15; tries += 1) {
        const before = receiver.deliveries.length
        await goOn()
        await receiver.received(before + 1)
      }
      clock.advance(71.9 * HOUR)
      await goOn()
      await until(async () => Date.parse((await rows('pending'))[0].nextTry) > clock.now())
      clock.advance(HOUR)
      await goOn()
      const [dead] = await until(async () => {
        const all = await rows('dead')
        return all.length === 1 && all
      })
      assert.deepEqual([dead.id, dead.event.id, dead.nextTry, dead.attempts.length], [failed.id, failed.event.id, undefined, 10])

      receiver.answers = 200
      await goOn()
      assert.deepEqual(await replay({ dead: true }), [202, 1])
      await until(async () => (await rows('delivered')).length === 1)
      const all = receiver.deliveries.filter(says('poison'))
      assert.deepEqual([...new Set(all.map(({ headers }) => headers['webhook-id']))], [dead.event.id])
      assert.deepEqual(await replay({ dead: true }), [202, 0])

      const { body: page } = await romeo.api('GET', '/events', { query: { limit: 1 } })
      write('delivered')
      await receiver.received(1, says('delivered'))
      const [delivered] = await until(async () => {
        const found = (await rows('delivered')).filter(({ id }: { id: string }) => id !== dead.id)
        return found.length === 1 && found
      })
      await api('PATCH', path, { body: { state: 'disabled' } })
      for (let number = 1; number <= 30; number += 1) write(`n${number}`)
      await romeo.events.next((one) => one.data?.body === 'n30')
      assert.deepEqual(await replay({ delivery: delivered.id }), [410, 'cursor-expired'])
      const expired = await api('POST', `${path}/replay`, { body: { session: romeo.id, after: page.page.next } })
      assert.deepEqual([expired.status, expired.body.code, typeof expired.body.oldest], [410, 'cursor-expired', 'string'])
      receiver.deliveries.length = 0
      await goOn()
      await receiver.received(1, says('n30'))
      const [gap, ...rest] = receiver.deliveries.map(told)
      assert.deepEqual([gap.type, gap.data.reason], ['events.gap', 'expired'])
      const kept = rest.map(({ data }) => Number(data.body.slice(1)))
      assert.deepEqual(
        kept,
        Array.from({ length: kept.length }, (_, index) => 30 - kept.length + 1 + index),
      )
    })
  },
)
