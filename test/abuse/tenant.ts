/** Somebody with an account and a key, or with the token of a session. */
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { serveAccount } from '../support/fake-account.ts'
import { mechanisms, features as streamFeatures, toTls } from '../support/fake-log-in.ts'
import { namespaces } from '../support/fake-server.ts'
import type { Attack, Attacker, Session } from './attack.ts'
import { BODY, json, list, STANZA, times, xml } from './worst.ts'

const asXml = { 'content-type': 'application/xml' }
const inTurn = (all: Readonly<Record<string, string>>, index: number) => Object.values(all)[index % Object.keys(all).length] as string

let count = 0
const next = () => count++

/** A WebSocket on the events of a session; resolves when it is closed. */
async function watch(
  { did, signal }: Attacker,
  { id, token, url }: Session,
  { query = '', opened }: { query?: string; opened: (socket: WebSocket) => void },
): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/events?session=${id}${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  signal.addEventListener('abort', () => socket.terminate())
  socket.on('error', () => undefined)
  socket.on('open', () => {
    did('opened')
    opened(socket)
  })
  await new Promise((resolve) => socket.once('close', resolve))
}

/** so much in the log of a session: messages that it writes to itself */
async function fill(session: Session, { count: most, size }: { count: number; size: number }): Promise<void> {
  const body = 'x'.repeat(size)
  for (let index = 0; index < most; index += 1) await session.ask('POST', '/messages', { body: { to: session.jid, body } })
}

/** each body of a kind to each of these paths, many at once */
const bodies =
  (paths: readonly (readonly [method: string, path: string, wrap: (inner: string) => string])[]) => async (attacker: Attacker) => {
    const session = await attacker.session(0)
    await attacker.again(20, async () => {
      const at = next()
      const [method, path, wrap] = paths[at % paths.length] as (typeof paths)[0]
      await session.ask(method, path, { body: wrap(inTurn(json, Math.floor(at / paths.length))) })
    })
  }

/** one thing, asked for a session so many times at once */
const asking = (what: string, parallel: number, ask: (session: Session, attacker: Attacker) => Promise<unknown>): Attack => ({
  who: 'tenant',
  what,
  async run(attacker) {
    const session = await attacker.session(0)
    await attacker.again(parallel, () => ask(session, attacker))
  },
})

const wide = (inner: string) => inner
const member = (name: string) => (inner: string) => `{"to":"a@b.example","${name}":${inner}}`

export const tenantAttacks: readonly Attack[] = [
  {
    who: 'tenant',
    what: 'messages of 977 KiB of JSON',
    run: bodies([
      ['POST', '/messages', wide],
      ['POST', '/messages', member('body')],
      ['POST', '/messages', member('extensions')],
      ['POST', '/messages', member('fallback')],
      ['POST', '/messages', member('bodies')],
      ['POST', '/messages', member('references')],
      ['POST', '/messages', member('form')],
      ['POST', '/messages/batch', (inner) => `{"messages":${inner}}`],
    ]),
  },
  {
    who: 'tenant',
    what: 'iqs, presence and stanzas of 977 KiB of JSON',
    run: bodies([
      ['POST', '/iq', (inner) => `{"type":"get","payload":${inner}}`],
      ['POST', '/iq', (inner) => `{"type":"get","payload":{"form":${inner}}}`],
      ['POST', '/presence', member('extensions')],
      ['PUT', '/presence', (inner) => `{"statuses":${inner}}`],
      ['POST', '/stanzas', (inner) => `{"message":${inner}}`],
      ['POST', '/translate', (inner) => `{"message":{"extensions":${inner}}}`],
      ['PUT', '/roster/a@b.example', (inner) => `{"groups":${inner}}`],
      ['POST', '/sessions', member('handles')],
    ]),
  },
  {
    who: 'tenant',
    what: 'elements of 977 KiB of JSON that are right',
    async run(attacker) {
      const { ask } = await attacker.session(0)
      const right = [
        `{"to":"a@b.example","fallback":[{"for":"x","body":${list({ start: 0, end: 0 }, BODY / 2)}}],"body":"${'x'.repeat(200_000)}"}`,
        `{"to":"a@b.example","references":${list({ begin: 0, end: 0, type: 'mention' }, BODY / 2)}}`,
        `{"to":"a@b.example","extensions":${list({ name: 'x', xmlns: 'urn:x' }, BODY / 2)}}`,
        `{"to":"a@b.example","form":{"type":"form","fields":${list({ name: 'a', values: [] }, BODY / 2)}}}`,
        `{"to":"a@b.example","html":"${times('<p/>', BODY)}"}`,
        `{"to":"a@b.example","html":"${times('<b><i>a</i></b>&amp;', BODY)}"}`,
      ]
      await attacker.again(20, () => ask('POST', '/messages', { body: right[next() % right.length] }))
    },
  },
  {
    who: 'tenant',
    what: 'batches of messages',
    async run(attacker) {
      const session = await attacker.session(0)
      const body = { messages: Array.from({ length: 500 }, () => ({ to: attacker.jid(1), body: 'x'.repeat(500) })) }
      await attacker.again(5, () => session.ask('POST', '/messages/batch', { body }))
    },
  },
  {
    who: 'tenant',
    what: 'XML of 245 KiB to be translated',
    run: (attacker) => attacker.again(20, () => attacker.ask('POST', '/translate', { body: inTurn(xml, next()), headers: asXml })),
  },
  {
    who: 'tenant',
    what: 'XML of 1 MiB to be translated',
    run: (attacker) => attacker.again(20, () => attacker.ask('POST', '/translate', { body: times('<!--', BODY), headers: asXml })),
  },
  asking('stanzas of 245 KiB as XML', 20, (session) => session.ask('POST', '/stanzas', { body: inTurn(xml, next()), headers: asXml })),
  asking('large messages to itself', 20, (session) =>
    session.ask('POST', '/messages', { body: { to: session.jid, body: 'x'.repeat(STANZA / 2) } }),
  ),
  asking('a full outbox', 100, (session) => session.ask('POST', '/messages', { body: { to: 'nobody@elsewhere.example', body: 'x' } })),
  asking('idempotency keys by the thousand', 100, (session, attacker) =>
    session.ask('POST', '/messages', {
      body: { to: attacker.jid(1), body: 'x' },
      headers: { 'idempotency-key': `${next()}`.padEnd(200, 'k') },
    }),
  ),
  asking('one idempotency key, at once', 100, (session) =>
    session.ask('POST', '/messages', { body: { to: session.jid, body: `${next() % 3}` }, headers: { 'idempotency-key': 'k' } }),
  ),
  {
    who: 'tenant',
    what: 'pages of a thousand large events',
    ms: 2500,
    async run(attacker) {
      const session = await attacker.session(0)
      await fill(session, { count: 40, size: 120_000 })
      await attacker.again(20, () => session.ask('GET', '/events?limit=1000'))
    },
  },
  {
    who: 'tenant',
    what: 'pages of a thousand small events, and filters that leave all out',
    ms: 2500,
    async run(attacker) {
      const session = await attacker.session(0)
      const body = { messages: Array.from({ length: 500 }, () => ({ to: session.jid, body: 'x' })) }
      for (let index = 0; index < 4; index += 1) await session.ask('POST', '/messages/batch', { body })
      const jids = Array.from({ length: 500 }, (_, index) => `u${index}@b.example`).join()
      await attacker.again(30, (index) => session.ask('GET', `/events?limit=1000${index % 2 ? `&jids=${jids}&types=presence.*` : ''}`))
    },
  },
  asking('long polls by the hundred', 500, (session) => session.ask('GET', '/events?wait=60&types=subscription.requested')),
  {
    who: 'tenant',
    what: 'five hundred WebSockets on one session that has much to tell',
    ms: 2000,
    async run(attacker) {
      const session = await attacker.session(0)
      const readers = attacker.again(500, () => watch(attacker, session, { opened: () => undefined }))
      await attacker.again(5, () => session.ask('POST', '/messages', { body: { to: session.jid, body: 'x'.repeat(2000) } }))
      await readers
    },
  },
  {
    who: 'tenant',
    what: 'answers that nobody takes',
    async run(attacker) {
      const session = await attacker.session(0)
      await fill(session, { count: 20, size: 120_000 })
      const { port } = new URL(session.url)
      const ask = `GET /events?limit=1000 HTTP/1.1\r\nHost: gate:${port}\r\nAuthorization: Bearer ${session.token}\r\n\r\n`
      await attacker.again(100, async () => {
        const socket = await attacker.socket()
        socket.pause()
        socket.write(ask.repeat(20))
        attacker.did('sent')
        await new Promise((resolve) => socket.once('close', resolve))
      })
    },
  },
  {
    who: 'tenant',
    what: 'readers that take nothing',
    ms: 2500,
    async run(attacker) {
      const session = await attacker.session(0)
      await fill(session, { count: 30, size: 120_000 })
      await attacker.again(100, () => watch(attacker, session, { query: '&after=0', opened: (socket) => socket.pause() }))
    },
  },
  {
    who: 'tenant',
    what: 'WebSockets that ask, ping and send what is nothing',
    async run(attacker) {
      const session = await attacker.session(0)
      const frames = [
        '{"jsonrpc":"2.0","id":1,"method":"roster.list"}',
        '{"jsonrpc":"2.0","id":1,"method":"nothing"}',
        '[]',
        '{',
        `[${'{},'.repeat(10_000)}{}]`,
        `"${'x'.repeat(500_000)}"`,
        `{"jsonrpc":"2.0","id":1,"method":"messages.send","params":{"extensions":${list([], 200_000)}}}`,
      ]
      await attacker.again(30, () =>
        watch(attacker, session, {
          async opened(socket) {
            while (socket.readyState === WebSocket.OPEN) {
              for (let index = 0; index < 50; index += 1) socket.ping('x'.repeat(100))
              socket.send(frames[next() % frames.length] as string)
              await delay(2)
            }
          },
        }),
      )
    },
  },
  {
    who: 'tenant',
    what: 'frames in thousands of pieces',
    async run(attacker) {
      const session = await attacker.session(0)
      await attacker.again(30, () =>
        watch(attacker, session, {
          async opened(socket) {
            while (socket.readyState === WebSocket.OPEN) {
              for (let index = 0; index < 500; index += 1) socket.send('', { fin: false })
              attacker.did('pieces', 500)
              await delay(2)
            }
          },
        }),
      )
    },
  },
  asking('tickets by the thousand', 100, (session) => session.ask('POST', '/tickets')),
  {
    who: 'tenant',
    what: 'log-ins of one account, again and again',
    run: (attacker) =>
      attacker.again(40, (index) => {
        const { service } = attacker.target.server
        const body = { jid: attacker.jid(index), password: attacker.target.password, service, resource: `r${next()}` }
        return attacker.ask('POST', '/sessions', { body })
      }),
  },
  {
    who: 'tenant',
    what: 'log-ins with wrong passwords',
    run: (attacker) =>
      attacker.again(40, (index) => {
        const { service } = attacker.target.server
        return attacker.ask('POST', '/sessions', { body: { jid: attacker.jid(index), password: `${next()}`, service } })
      }),
  },
  {
    who: 'tenant',
    what: 'log-ins to where nobody is',
    run: (attacker) =>
      attacker.again(100, () => {
        const service = ['xmpp://127.0.0.1:1', 'xmpp://localhost:2', 'xmpp://nowhere.invalid', 'wss://127.0.0.1:3/x'][next() % 4]
        return attacker.ask('POST', '/sessions', { body: { jid: `a${next()}@localhost`, password: 'x', service } })
      }),
  },
  {
    who: 'tenant',
    what: 'log-ins to domains that cannot be found, in the background',
    run: (attacker) =>
      attacker.again(50, () =>
        attacker.ask('POST', '/sessions', {
          body: { jid: `a@${next()}.invalid`, password: 'x' },
          headers: { prefer: 'respond-async' },
        }),
      ),
  },
  {
    who: 'tenant',
    what: 'log-ins where SCRAM takes a million iterations',
    async run(attacker) {
      const server = await attacker.hostile(
        async (peer) => {
          await toTls(peer)
          await peer.opened()
          peer.header()
          peer.write(streamFeatures(mechanisms('SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512')))
          const { children } = await peer.next(({ name }) => name === 'auth')
          const nonce = /r=([^,]+)/.exec(Buffer.from(String(children[0]), 'base64').toString())?.[1]
          const first = Buffer.from(`r=${nonce}x,s=${Buffer.from('salt').toString('base64')},i=1000000`).toString('base64')
          peer.write(`<challenge xmlns='${namespaces.sasl}'>${first}</challenge>`)
          await peer.next()
          peer.write(`<failure xmlns='${namespaces.sasl}'><temporary-auth-failure/></failure>`)
        },
        { count: 0 },
      )
      await attacker.again(50, () =>
        attacker.ask('POST', '/sessions', { body: { jid: `a${next()}@localhost`, password: 'x', service: server.service } }),
      )
    },
  },
  {
    who: 'tenant',
    what: 'sessions that are deleted and opened, all the time',
    run: (attacker) =>
      attacker.again(20, async (index) => {
        const { service } = attacker.target.server
        const body = { jid: attacker.jid(index), password: attacker.target.password, service }
        const { text } = await attacker.ask('POST', '/sessions', { body })
        const { id, token: key } = JSON.parse(text)
        const end = () => attacker.ask('DELETE', `/sessions/${id}`)
        await Promise.all([end(), end(), attacker.ask('GET', '/events?wait=10', { key })])
      }),
  },
  {
    who: 'tenant',
    what: 'ids that there are not',
    run: (attacker) =>
      attacker.again(100, () => {
        const paths = ['/messages/', '/iq/', '/sessions/', '/sessions/ses_', '/roster/', '/presence/']
        const at = next()
        return attacker.ask('GET', `${paths[at % paths.length]}${at}${'x'.repeat(at % 200)}`)
      }),
  },
  asking('messages and iqs of the session that there are not', 100, (session) => {
    const paths = ['/messages/', '/iq/', '/roster/a@', '/presence/a@']
    const at = next()
    return session.ask('GET', `${paths[at % paths.length]}${at}`)
  }),
  asking('directed presences by the thousand', 50, (session) =>
    session.ask('POST', '/presence', { body: { to: `u${next()}@elsewhere.example`, status: 'x'.repeat(2000) } }),
  ),
  asking('own presences, one after the other', 30, (session) => session.ask('PUT', '/presence', { body: { status: 'x'.repeat(10_000) } })),
  asking('contacts by the thousand', 30, (session) => session.ask('PUT', `/roster/u${next()}@b.example`, { body: { groups: ['a', 'b'] } })),
  {
    who: 'tenant',
    what: 'iqs that nobody answers',
    async run(attacker) {
      const server = await attacker.hostile((peer) => serveAccount(peer, { answers: { 'urn:xmpp:ping': () => undefined } }))
      const { text } = await attacker.ask('GET', '/sessions')
      const [{ id }] = JSON.parse(text).data
      await attacker.again(150, (index) =>
        attacker.ask('POST', `/iq?session=${id}`, {
          body: { type: 'get', to: `u${index}@b.example`, payload: { ping: {} } },
          headers: index % 2 ? { prefer: 'respond-async' } : {},
        }),
      )
      attacker.did('connections', server.open)
    },
  },
  {
    who: 'tenant',
    what: 'pages of the archive, many at once',
    ms: 2000,
    async run(attacker) {
      const session = await attacker.session(0)
      await fill(session, { count: 50, size: 10_000 })
      await attacker.again(30, (index) => session.ask('GET', `/messages?limit=${index % 2 ? 1000 : 50}&before=`))
    },
  },
  {
    who: 'tenant',
    what: 'lists of sessions, of the roster and of presence',
    async run(attacker) {
      const session = await attacker.session(0)
      for (let index = 1; index < 10; index += 1) await attacker.session(index)
      await attacker.again(60, (index) => session.ask('GET', ['/roster', '/presence', '/roster?limit=1000'][index % 3] as string))
      await attacker.ask('GET', '/sessions')
    },
  },
  {
    who: 'tenant',
    what: 'metrics, again and again',
    run: (attacker) => attacker.again(30, () => attacker.ask('GET', '/metrics')),
  },
]
