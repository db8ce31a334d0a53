/** Somebody without a key. */

import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import type { Attack, Attacker } from './attack.ts'

/** paths that are open to all */
const OPEN = ['/health/live', '/health/ready', '/openapi.yaml', '/docs']
const MIB = 2 ** 20
const wide = `[${'[],'.repeat(MIB / 3 - 10)}[]]`
const deep = '['.repeat(MIB / 2 - 10) + ']'.repeat(MIB / 2 - 10)
const head = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: gate\r\n${more}`

/** Keeps `count` connections open and does something with each, as long as there is time; one that was closed is opened again. */
async function connections(
  { again, socket, did, signal }: Attacker,
  count: number,
  { first, drip, every = 50 }: { first: string; drip: string; every?: number },
): Promise<void> {
  await again(count, async () => {
    const one = await socket()
    did('connections')
    one.write(first)
    while (!signal.aborted && one.writable) {
      one.write(drip)
      await delay(every)
    }
  })
}

const paths = (attacker: Attacker, parallel: number, ask: (index: number) => Parameters<Attacker['ask']>) =>
  attacker.again(parallel, (index) => attacker.ask(...ask(index)))

let count = 0

export const strangerAttacks: readonly Attack[] = [
  {
    who: 'stranger',
    what: 'wrong API keys',
    run: (attacker) => paths(attacker, 50, () => ['GET', '/sessions', { key: `sgk_${(count++).toString(36).padStart(32, 'x')}` }]),
  },
  {
    who: 'stranger',
    what: 'session tokens of sessions that there are not',
    run: (attacker) => paths(attacker, 50, () => ['GET', '/roster', { key: `sgs_${(count++).toString(36).padStart(60, 'x')}` }]),
  },
  {
    who: 'stranger',
    what: 'tokens of 14 KiB',
    run: (attacker) => paths(attacker, 50, (index) => ['GET', '/roster', { key: `sg${index % 2 ? 's' : 'k'}_${'é.'.repeat(3500)}` }]),
  },
  {
    who: 'stranger',
    what: 'heads that are too large',
    run: (attacker) =>
      attacker.again(50, async () => {
        const one = await attacker.socket()
        one.write(head('/health/live', Array.from({ length: 2000 }, (_, index) => `x-${index}: ${'y'.repeat(100)}\r\n`).join('')))
        attacker.did('sent')
        await new Promise((resolve) => one.once('close', resolve))
      }),
  },
  {
    who: 'stranger',
    what: 'requests in one piece',
    run: (attacker) => connections(attacker, 50, { first: '', drip: `${head('/openapi.yaml')}\r\n`.repeat(30), every: 5 }),
  },
  {
    who: 'stranger',
    what: 'many more in one piece than are taken',
    run: (attacker) => connections(attacker, 50, { first: '', drip: `${head('/health/live')}\r\n`.repeat(2000), every: 5 }),
  },
  {
    who: 'stranger',
    what: 'heads that drip',
    run: (attacker) => connections(attacker, 500, { first: head('/health/live'), drip: 'x-a: b\r\n' }),
  },
  {
    who: 'stranger',
    what: 'bodies that drip',
    run: (attacker) =>
      connections(attacker, 500, {
        first: `POST /sessions HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`,
        drip: ' ',
      }),
  },
  {
    who: 'stranger',
    what: 'chunks of one byte',
    run: (attacker) =>
      connections(attacker, 20, {
        first: 'POST /translate HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        drip: '1\r\n \r\n'.repeat(2000),
        every: 5,
      }),
  },
  {
    who: 'stranger',
    what: 'connections that come and go',
    run: (attacker) =>
      attacker.again(100, async () => {
        const one = await attacker.socket()
        attacker.did('connections')
        one.destroy()
      }),
  },
  {
    who: 'stranger',
    what: 'what is no HTTP',
    run: (attacker) =>
      attacker.again(50, async () => {
        const one = await attacker.socket()
        one.write(Buffer.alloc(100_000, count++ % 256))
        attacker.did('sent')
        await new Promise((resolve) => one.once('close', resolve))
      }),
  },
  {
    who: 'stranger',
    what: 'WebSockets without a token, with wrong ones and with wrong tickets',
    run: (attacker) =>
      attacker.again(50, async (index) => {
        const query = ['', `?ticket=sgt_${count++}`, '?session=ses_x', `?ticket=${'%41'.repeat(3000)}`][index % 4]
        const socket = new WebSocket(`${attacker.url().replace('http', 'ws')}/events${query}`, {
          headers: index % 3 === 0 ? { authorization: 'Bearer sgk_x' } : {},
        })
        await new Promise<void>((resolve) => {
          socket.on('unexpected-response', (_, answer) => {
            attacker.did(String(answer.statusCode))
            answer.destroy()
            resolve()
          })
          socket.on('error', () => resolve())
          socket.on('open', () => {
            attacker.did('fault: it is open')
            resolve()
          })
        })
        socket.terminate()
      }),
  },
  {
    who: 'stranger',
    what: 'upgrades to HTTP/2 and to nothing known',
    run: (attacker) =>
      attacker.again(50, async (index) => {
        const one = await attacker.socket()
        const to = ['h2c', 'TLS/1.0, HTTP/2.0', 'websocket', ','.repeat(10_000)][index % 4]
        one.write(head('/health/live', `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${to}\r\nHTTP2-Settings: AAAA\r\n\r\n`))
        one.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
        attacker.did('sent')
        await Promise.race([new Promise((resolve) => one.once('close', resolve)), delay(100)])
        one.destroy()
      }),
  },
  {
    who: 'stranger',
    what: 'paths and queries of 14 KiB',
    run: (attacker) =>
      paths(attacker, 50, (index) => [
        'GET',
        [
          `/${'a/'.repeat(7000)}`,
          `/sessions/${'%41'.repeat(4500)}`,
          `/health/live?${'a=b&'.repeat(3500)}`,
          `/events?${'types=a,'.repeat(1700)}`,
          `/docs/${'..%2f'.repeat(2500)}`,
        ][index % 5] as string,
        { key: null },
      ]),
  },
  {
    who: 'stranger',
    what: 'bodies of 1 MiB to where no token is',
    run: (attacker) =>
      paths(attacker, 20, (index) => [
        'POST',
        ['/sessions', '/translate', '/health/live', '/nowhere'][index % 4] as string,
        { key: null, body: index % 2 ? wide : deep },
      ]),
  },
  {
    who: 'stranger',
    what: 'bodies that are compressed',
    run: (attacker) => {
      const body = gzipSync(Buffer.alloc(100 * MIB, ' ')) as unknown as string
      return paths(attacker, 50, (index) => [
        'POST',
        index % 2 ? '/sessions' : '/health/live',
        { key: null, body, headers: { 'content-encoding': 'gzip' } },
      ])
    },
  },
  {
    who: 'stranger',
    what: 'all that is open to all, again and again',
    run: (attacker) => paths(attacker, 50, (index) => ['GET', OPEN[index % OPEN.length] as string, { key: null }]),
  },
  {
    who: 'stranger',
    what: 'preflights of browsers and foreign origins',
    run: (attacker) =>
      paths(attacker, 50, (index) => [
        index % 2 ? 'OPTIONS' : 'POST',
        '/messages',
        {
          key: null,
          headers: {
            origin: `https://${count++}.example`,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'x,'.repeat(2000),
          },
        },
      ]),
  },
]
