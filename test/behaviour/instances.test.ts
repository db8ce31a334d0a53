/** Several instances on one Redis: any of them answers, sessions move, and nobody outside sees it. */
import assert from 'node:assert/strict'
import { realpathSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CloudEvent, EventStream } from '../support/event-stream.ts'
import { type Fleet, signal, startFleet } from '../support/fleet.ts'
import type { TestGateway } from '../support/gateway.ts'
import { findProgram } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import {
  type Account,
  isMessage,
  isPresence,
  onlineElsewhere,
  openAccount,
  openClient,
  PASSWORD,
  presencesOf,
  textOf,
  until,
  users,
  watch,
} from './account.ts'

/** ms until a session is up elsewhere after its instance was killed, and after it was asked to stop */
const AFTER_DEATH = 20_000
const AFTER_STOP = 3_000
/** ms until shares are even: an instance that joined is seen at the next beat, and a few sessions go at each */
const EVEN = 30_000

/** ms between two posts through one instance */
const POST_EACH = 20

const names = ['romeo', 'juliet', 'paris', 'nurse', 'tybalt', 'mercutio', 'benvolio', 'rosaline', 'sampson', 'gregory']
const servants = Array.from({ length: 8 }, (_, index) => `servant${index}`)

describe('instances', { concurrency: true }, () => {
  let server: XmppServer
  before(async () => {
    server = await startProsody({ users: users(...names, ...servants) })
  })
  after(async () => {
    await server?.stop()
  })

  describe('that share a session', { concurrency: false }, () => {
    let fleet: Fleet
    let owner: TestGateway
    let other: TestGateway
    let romeo: Account
    let juliet: Client
    before(async () => {
      fleet = await startFleet(2, { server })
      ;[owner, other] = fleet.instances as [TestGateway, TestGateway]
      romeo = await openAccount({ server, gateway: owner, store: 'redis' }, 'romeo')
      juliet = await openClient({ server, gateway: owner, store: 'redis' }, 'juliet', { autoAnswer: true })
      await watch(romeo, juliet)
    })
    after(async () => {
      await juliet?.stop()
      await fleet?.stop()
    })

    const there = (method: string, path: string, options: Parameters<TestGateway['api']>[2] = {}) =>
      other.api(method, path, { ...options, query: { session: romeo.id, ...options.query } })

    it('show it alike', async () => {
      const [one, two] = await Promise.all([owner, other].map((each) => each.api('GET', `/sessions/${romeo.id}`)))
      assert.equal(two?.body.instance, 'i0')
      assert.deepEqual({ ...two?.body, lastVerifiedAt: null }, { ...one?.body, lastVerifiedAt: null })
    })

    it('read its roster and presence, and change them', async () => {
      const put = await there('PUT', '/roster/nurse@localhost', { body: { name: 'Nurse' } })
      assert.deepEqual([put.status, put.body.name], [200, 'Nurse'])
      for (const read of [romeo.api, there]) {
        const { body } = await read('GET', '/roster')
        assert.ok(body.data.some(({ jid }: { jid: string }) => jid === 'nurse@localhost'))
      }
      assert.equal((await there('PUT', '/presence', { body: { show: 'away' } })).status, 200)
      await juliet.next((one) => isPresence(one) && textOf(one, 'show') === 'away')
    })

    it('ask others in its name', async () => {
      const asked = { body: { type: 'get', to: juliet.jid, payload: { ping: {} } } }
      assert.equal((await there('POST', '/iq', asked)).status, 200)
      const refused = await there('POST', '/iq', { body: { type: 'get', to: juliet.jid, payload: { version: {} } } })
      assert.notEqual(refused.status, 500)
      const later = await there('POST', '/iq', { ...asked, headers: { prefer: 'respond-async' } })
      assert.equal(later.status, 202)
      await romeo.events.next((one) => one.type === 'iq.completed' && one.subject === later.body.id)
      assert.equal((await other.api('GET', `/iq/${later.body.id}`)).body.status, 'result')
    })

    it('send its messages, and stream its events', async () => {
      const events = other.events({ session: romeo.id })
      await events.opened
      const sent = await there('POST', '/messages', { body: { to: juliet.jid, body: 'by another way' }, headers: { prefer: 'wait=10' } })
      assert.equal(sent.status, 200)
      await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'by another way')
      await events.next((one) => one.type === 'message.acked' && one.subject === sent.body.id)
      await events.close()
    })

    it('send one stanza for 100 racing requests with one Idempotency-Key', async () => {
      const race = (index: number) =>
        [romeo.api, there][index % 2]!('POST', '/messages', {
          body: { to: juliet.jid, body: 'once' },
          headers: { 'idempotency-key': 'racing' },
        })
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => race(index)))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [202])
      assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
      await romeo.say(juliet.jid, 'and then')
      await juliet.next((one) => isMessage(one) && textOf(one, 'body') === 'and then')
      const once = juliet.stanzas.filter(({ element }) => isMessage(element) && textOf(element, 'body') === 'once')
      assert.equal(once.length, 1)
    })

    it('make one session of two requests at once', async () => {
      const body = { jid: 'paris@localhost', password: users('paris').paris as string }
      const made = await Promise.all([owner.login(body), other.login(body)])
      assert.deepEqual([made[0].id, ...made.map(({ state }) => state)], [made[1].id, 'online', 'online'])
      assert.equal((await other.api('GET', '/sessions')).body.data.filter(({ jid }: { jid: string }) => jid === body.jid).length, 1)
      assert.equal((await other.api('DELETE', `/sessions/${made[0].id}`)).status, 204)
      assert.equal((await owner.api('GET', `/sessions/${made[0].id}`)).status, 404)
    })

    it('bring it back where another client took its place', async () => {
      const { jid, id, events } = romeo
      const usurper = await openClient({ server, gateway: owner, store: 'redis' }, 'romeo', {
        resource: romeo.full.split('/')[1] as string,
      })
      await events.next('session.conflict', 10_000)
      await usurper.stop()
      const again = await other.api('POST', '/sessions', { body: { jid, password: PASSWORD, service: server.service } })
      assert.deepEqual([again.status, again.body.id, again.body.state], [200, id, 'online'], again.text)
    })

    it('make none of two requests at once that cannot log in', async () => {
      const body = { jid: 'paris@localhost', password: 'wrong', service: server.service }
      const refused = await Promise.all([owner, other].map((one) => one.api('POST', '/sessions', { body })))
      assert.deepEqual(
        refused.map(({ status, body: { code } }) => [status, code]),
        [
          [422, 'xmpp-authentication-failed'],
          [422, 'xmpp-authentication-failed'],
        ],
      )
      assert.equal((await owner.api('GET', '/sessions')).body.data.length, 1)
    })
  })

  describe('of which some end', { concurrency: false }, () => {
    let fleet: Fleet
    let romeo: Account
    let rosaline: Client
    before(async () => {
      fleet = await startFleet(3, { server })
      const cell = { server, gateway: fleet.instances[0]!, store: 'redis' as const }
      romeo = await openAccount(cell, 'mercutio')
      rosaline = await openClient(cell, 'rosaline')
      await watch(romeo, rosaline)
    })
    after(async () => {
      await rosaline?.stop()
      await fleet?.stop()
    })

    /** Posts through all instances at once, until stopped or until one says that it stops; answers what came. */
    function posting(instances: readonly TestGateway[]) {
      const answers: { status: number; body: string; retryAfter: string | null }[] = []
      let stopped = false
      const worked = Promise.all(
        instances.map(async (one, number) => {
          for (let count = 0; !stopped; count += 1) {
            const body = `${number}.${count}`
            const options = { query: { session: romeo.id }, body: { to: rosaline.jid, body } }
            const answer = await one.api('POST', '/messages', options)
            answers.push({ status: answer.status, body, retryAfter: answer.headers.get('retry-after') })
            // whoever is told to goes elsewhere
            if (answer.body?.code === 'draining') return
            await delay(POST_EACH)
          }
        }),
      )
      worked.catch(() => {}) // told when it is waited for
      return async () => {
        stopped = true
        await worked
        return answers
      }
    }

    it('hand their sessions over when they are asked to stop, and nobody sees it but by 1012 and 503', async () => {
      const [stopping, , staying] = fleet.instances as [TestGateway, TestGateway, TestGateway]
      const asking = { query: { session: romeo.id }, headers: { prefer: 'respond-async, wait=60' } }
      const later = await stopping.api('POST', '/iq', { ...asking, body: { type: 'set', to: rosaline.jid, payload: { ping: {} } } })
      const question = await rosaline.next((one) => one.name === 'iq' && one.attributes.id === later.body.id)
      const finish = posting(fleet.instances)
      await rosaline.next((one) => isMessage(one) && textOf(one, 'body') === '0.5')
      const asked = performance.now()
      const ended = stopping.stop('SIGTERM')
      // npm forwards what the terminal sent to all already
      setTimeout(() => signal(stopping.pid, 'SIGINT'), 50)
      setTimeout(() => signal(stopping.pid, 'SIGTERM'), 200)
      const { code } = await romeo.events.closed
      assert.equal(code, 1012)
      await onlineElsewhere(fleet, staying, romeo.id, 'i0', AFTER_STOP)
      assert.ok(performance.now() - asked < AFTER_STOP)
      assert.equal(await ended, 0)

      const last = romeo.events.events.at(-1) as CloudEvent
      const again: EventStream = staying.events({ session: romeo.id, query: { after: last.id } })
      await again.next('session.resumed')
      rosaline.send(`<iq type='result' id='${later.body.id}' to='${question.element.attributes.from}'/>`)
      const { data } = await again.next('iq.completed')
      assert.deepEqual([data.id, data.status], [later.body.id, 'result'], 'the answer came to the next owner')
      const answers = await finish()
      const wrong = answers.filter(({ status, retryAfter }) => status !== 202 && (status !== 503 || retryAfter === null))
      assert.deepEqual(wrong, [])
      assert.ok(
        answers.some(({ body, status }) => body.startsWith('0.') && status === 503),
        'it said so itself',
      )
      const said = answers.filter(({ status }) => status === 202).map(({ body }) => body)
      const heard = () => ['0.5', ...rosaline.stanzas.flatMap(({ element }) => (isMessage(element) ? (textOf(element, 'body') ?? '') : []))]
      await until(async () => heard().length >= said.length)
      assert.deepEqual(heard().sort(), said.sort(), 'all that were accepted, each once')
      assert.deepEqual(presencesOf(rosaline, romeo), [])
      await again.close()
    })

    it('are replaced when they are killed, and what was asked of them in vain is told as such', async () => {
      const [, one, two] = fleet.instances as [TestGateway, TestGateway, TestGateway]
      const { instance } = await fleet.instanceOf(romeo.id, two)
      const [killed, left] = instance === 'i1' ? [one, two] : [two, one]
      // nobody answers these
      const silent = { to: rosaline.jid, payload: { ping: {} } }
      const ask = (type: string, headers: Record<string, string>) =>
        left.api('POST', '/iq', { query: { session: romeo.id }, body: { type, ...silent }, headers })
      const waiting = Promise.all([ask('get', { prefer: 'wait=60' }), ask('set', { prefer: 'wait=60' })])
      const later = await ask('set', { prefer: 'respond-async, wait=15' })
      assert.equal(later.status, 202)
      for (let count = 0; count < 3; count += 1)
        await rosaline.next((element) => element.name === 'iq' && element.attributes.from === romeo.full)
      await killed.kill()
      const dead = performance.now()

      const [get, set] = await waiting
      assert.deepEqual([get.status, get.body.code, set.status, set.body.code], [503, 'session-offline', 504, 'outcome-unknown'])
      assert.ok(get.headers.get('retry-after'))
      assert.deepEqual(
        [await fleet.instanceOf(romeo.id, left)].map(({ state, reason }: { state: string; reason?: string }) => [state, reason]),
        [['resuming', 'instance-lost']],
      )
      const post = await left.api('POST', '/messages', { query: { session: romeo.id }, body: { to: rosaline.jid, body: 'meanwhile' } })
      assert.equal(post.status, 202)
      await onlineElsewhere(fleet, left, romeo.id, instance, AFTER_DEATH)
      assert.ok(performance.now() - dead < AFTER_DEATH)
      await rosaline.next((element) => isMessage(element) && textOf(element, 'body') === 'meanwhile', 10_000)
      assert.deepEqual(presencesOf(rosaline, romeo), [])
      const outcome = await until(async () => {
        const { body } = await left.api('GET', `/iq/${later.body.id}`)
        return body.status !== 'pending' && body
      }, 20_000)
      assert.equal(outcome.status, 'timeout')
    })
  })

  describe('that npm started', { concurrency: false }, () => {
    let fleet: Fleet
    before(async () => {
      const args = [realpathSync(findProgram('npm')), 'start', '--silent', '--prefix', fileURLToPath(new URL('../..', import.meta.url))]
      fleet = await startFleet(2, { server, args, env: { npm_config_update_notifier: 'false', npm_config_logs_max: '0' } })
    })
    after(async () => {
      await fleet?.stop()
    })

    it('hand over once, however often npm and the terminal say so', async () => {
      const [stopping, staying] = fleet.instances as [TestGateway, TestGateway]
      const cell = { server, gateway: stopping, store: 'redis' as const }
      const sampson = await openAccount(cell, 'sampson')
      const gregory = await openClient(cell, 'gregory')
      await watch(sampson, gregory)
      // npm hands on what it is told, and once more what all of the group are told
      signal(stopping.pid, 'SIGTERM')
      signal(-stopping.pid, 'SIGTERM')
      assert.equal((await sampson.events.closed).code, 1012)
      assert.equal(await onlineElsewhere(fleet, staying, sampson.id, 'i0', AFTER_STOP), 'i1')
      const events = staying.events({ session: sampson.id, query: { after: sampson.events.events.at(-1)?.id as string } })
      await events.next('session.resumed')
      assert.equal(await stopping.ended, 0)
      const said = stopping.logs.map(({ entry }) => entry?.event).filter((event) => event === 'stopping' || event === 'stopped')
      assert.deepEqual(said, ['stopping', 'stopped'])
      assert.deepEqual(presencesOf(gregory, sampson), [])
      await Promise.all([events.close(), gregory.stop()])
    })
  })

  describe('of which one joins', { concurrency: false }, () => {
    let fleet: Fleet
    before(async () => {
      fleet = await startFleet(1, { server })
    })
    after(async () => {
      await fleet?.stop()
    })

    it('have the sessions shared with it, without anybody seeing it', async () => {
      const [first] = fleet.instances as [TestGateway]
      const cell = { server, gateway: first, store: 'redis' as const }
      const accounts = await Promise.all(servants.map((name) => openAccount(cell, name)))
      const [watched, watching] = accounts as [Account, Account]
      await watched.api('POST', '/presence', { body: { to: watching.jid, type: 'subscribe' } })
      await watching.events.next((one) => one.type === 'subscription.requested')
      await watching.api('POST', '/presence', { body: { to: watched.jid, type: 'subscribed' } })
      await watched.events.next((one) => one.type === 'presence.available' && one.data.from === watching.full)
      await Promise.all(accounts.map(({ api }) => api('POST', '/iq', { body: { type: 'get', payload: { ping: {} } } })))
      const before = accounts.map(({ events }) => events.events.length)
      const joined = await fleet.join()
      const shares = async () => {
        const { data } = (await joined.api('GET', '/sessions')).body as { data: { instance: string; state: string }[] }
        return ['i0', 'i1'].map((name) => data.filter(({ instance, state }) => instance === name && state === 'online').length)
      }
      await until(async () => (await shares()).every((share) => share === servants.length / 2), EVEN)
      const told = () => accounts.flatMap(({ events }, index) => events.events.slice(before[index]).map(({ type }) => type))
      await until(async () => told().length >= servants.length / 2)
      assert.deepEqual(
        told(),
        Array.from({ length: servants.length / 2 }, () => 'session.resumed'),
      )
    })
  })
})
