/** Servers that read slowly, as their packages have it, and a link that is slow the other way: what is on its way is waited for. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startEjabberd } from '../support/ejabberd.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { samplesOf, sumOf } from '../support/metrics.ts'
import { startProsody } from '../support/prosody.ts'
import { startProxy, type TcpProxy } from '../support/proxy.ts'
import type { Client } from '../support/second-client.ts'
import type { XmppServer } from '../support/xmpp-server.ts'
import { type Account, isMessage, openAccount, openClient, textOf, users } from './account.ts'

/** ms for all that is on its way */
const LATEST = 110_000
/** bytes a second that pass to the gateway */
const LINK = 40_000
const PING = { type: 'get', to: 'localhost', payload: { ping: {} } }

/** `size`: of a text; two of them take longer than whoever waits behind them would wait for an answer */
const kinds = [
  { start: startProsody, kind: 'prosody', rate: 10_000, size: 200_000 },
  { start: startEjabberd, kind: 'ejabberd', rate: 3_000, size: 65_000 },
]

// they do little but wait
describe('on a slow server', { concurrency: true }, () => {
  for (const { start, kind, rate, size } of kinds)
    for (const smacks of [true, false])
      describe(`${kind}, ${rate} bytes a second, ${smacks ? 'with' : 'without'} stream management`, { concurrency: 1 }, () => {
        let server: XmppServer
        let proxy: TcpProxy
        let gateway: TestGateway
        let romeo: Account
        let juliet: Client

        before(async () => {
          server = await start({ users: users('romeo', 'juliet'), smacks, rate })
          proxy = await startProxy({ to: { port: server.port } })
          gateway = await startGateway({ server })
          const cell = { server, gateway, store: 'memory' as const }
          romeo = await openAccount(cell, 'romeo', { service: `xmpp://127.0.0.1:${proxy.port}` })
          juliet = await openClient(cell, 'juliet')
        })
        after(async () => {
          await juliet?.stop()
          await gateway?.stop()
          await proxy?.stop()
          await server?.stop()
        })

        const friend = () => juliet.jid.split('/')[0] as string
        const large = (letter: string) => letter.repeat(size)
        const write = (body: string, id: string) =>
          juliet.send(`<message to='${romeo.jid}' type='chat' id='${id}'><body>${body}</body></message>`)
        const heard = async (letter: string) => {
          const { element } = await juliet.next((one) => isMessage(one) && textOf(one, 'body')?.startsWith(letter) === true, LATEST)
          assert.equal(textOf(element, 'body'), large(letter))
        }
        const acked = (id: string) => romeo.events.next((event) => event.type === 'message.acked' && event.subject === id, LATEST)
        const told = () => romeo.events.events.filter(({ type }) => type === 'message.received').map(({ data }) => data.id)
        const sessionEvents = () => romeo.events.events.map(({ type }) => type).filter((type) => /^session\.|^events\.gap/.test(type))

        it('large messages arrive both ways, and what is asked behind them is answered', async () => {
          write(large('z'), 'in')
          const sent = [await romeo.say(friend(), large('a')), await romeo.say(friend(), large('b'))]
          const behind = { timeout: LATEST }
          const answers = await Promise.all([
            romeo.api('POST', '/iq', { body: PING, ...behind }),
            romeo.api('PUT', '/roster/nurse@localhost', { body: { name: 'Nurse' }, ...behind }),
            romeo.api('GET', '/messages', { query: { before: '', limit: 1 }, ...behind }),
            ...sent.map(acked),
            heard('a').then(() => heard('b')),
            romeo.events.next((event) => event.data.id === 'in', LATEST),
          ])
          assert.deepEqual(
            answers.slice(0, 3).map((answer) => (answer as { status: number }).status),
            [200, 200, 200],
          )
          assert.deepEqual(sessionEvents(), [], 'the stream went on')
          const records = await Promise.all(sent.map((id) => romeo.api('GET', `/messages/${id}`)))
          assert.deepEqual(
            records.map(({ body }) => [body.status, body.error]),
            [
              ['acked', undefined],
              ['acked', undefined],
            ],
          )
          assert.deepEqual(told(), ['in'])
          assert.equal(juliet.stanzas.filter(({ element }) => isMessage(element)).length, 0, 'each came once')
        })

        it('what was missed comes once, over a slow link and behind what is sent meanwhile', async () => {
          proxy.refuse(true)
          proxy.cut()
          for (const id of ['m1', 'm2']) write(`missed ${id}`, id)
          write('y'.repeat(20_000), 'm3')
          const sent = [await romeo.say(friend(), large('c')), await romeo.say(friend(), large('d'))]
          // the server has taken all of it
          await juliet.request({ type: 'get', to: server.domain, payload: "<ping xmlns='urn:xmpp:ping'/>" }, LATEST)
          proxy.rate(LINK)
          proxy.refuse(false)
          await Promise.all([
            ...sent.map(acked),
            heard('c').then(() => heard('d')),
            romeo.events.next((event) => event.data.id === 'm3', LATEST),
          ])
          if (!smacks) await romeo.events.next('session.caught-up', LATEST)
          assert.deepEqual(told(), ['in', 'm1', 'm2', 'm3'])
          assert.equal(juliet.stanzas.filter(({ element }) => isMessage(element)).length, 0, 'each came once')
          const back = sessionEvents().filter((type) => type === 'session.online' || type === 'session.resumed')
          assert.equal(back.length, 1, 'only the link that was cut')
          const samples = samplesOf((await gateway.api('GET', '/metrics')).text)
          assert.equal(sumOf(samples, 'session_transitions_total', { reason: 'silence' }), 0)
          assert.equal(sumOf(samples, 'given_up_total'), 0)
        })
      })
})
