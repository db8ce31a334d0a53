import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { toBound } from '../support/fake-log-in.ts'
import { type FakeServer, type Peer, startFakeServer } from '../support/fake-server.ts'
import type { Answer, Told } from './pressed.ts'

const MIB = 1024 * 1024
const PIECE = 64 * 1024
/** MiB that one hostile stream may make the process grow by */
const GROWTH = 20

/** Writes a head and then the same again and again, as fast as it is read, until so much is out or nobody is left. */
async function pour(peer: Peer, head: string, again: string, bytes: number): Promise<void> {
  const piece = again.repeat(Math.ceil(PIECE / again.length))
  const gone = new AbortController()
  void peer.closed.then(() => gone.abort())
  peer.write(head)
  for (let out = 0; out < bytes && !gone.signal.aborted; out += piece.length)
    if (!peer.socket.write(piece)) await once(peer.socket, 'drain', gone).catch(() => undefined)
}

async function drip(peer: Peer, text: string): Promise<void> {
  peer.socket.setNoDelay(true)
  for (const character of text) {
    if (peer.socket.destroyed) return
    peer.write(character)
    await delay(1)
  }
}

interface Case {
  press(peer: Peer): Promise<unknown>
  end: string
  stanzaLimit?: number
}

const pressures: Record<string, Case> = {
  'a body of 20 MiB': { press: (peer) => pour(peer, '<message><body>', 'x', 20 * MIB), end: '</body></message>' },
  'a body of 20 MiB of white space': { press: (peer) => pour(peer, '<message><body>', '\n', 20 * MIB), end: '</body></message>' },
  '100,000 attributes': {
    press: async (peer) => peer.write(`<message ${Array.from({ length: 100_000 }, (_, index) => `a${index}='1'`).join(' ')}`),
    end: '/>',
  },
  'a start tag of 20 MiB': { press: (peer) => pour(peer, '<message', ' ', 20 * MIB), end: '/>' },
  'an attribute of 20 MiB': { press: (peer) => pour(peer, "<message id='", 'x', 20 * MIB), end: "'/>" },
  'elements inside each other': {
    async press(peer) {
      peer.write('<message>')
      for (const tag of ['<a>', '</a>'])
        for (let times = 0; times < 100; times += 1)
          if (!peer.socket.write(tag.repeat(20_000))) await once(peer.socket, 'drain').catch(() => undefined)
    },
    end: '</message>',
  },
  'children in 20 MiB': { press: (peer) => pour(peer, '<message>', '<a/>', 20 * MIB), end: '</message>' },
  'a slow drip': { press: (peer) => drip(peer, `<message><body>${'x'.repeat(2_000)}`), end: '</body></message>', stanzaLimit: 1_000 },
}

describe('a stanza that is more than fits is left out in little memory, and its stream and another session go on', () => {
  let server: FakeServer
  let child: ChildProcess
  /** KiB, so far */
  let peak = 0

  before(async () => {
    server = await startFakeServer(async (peer) => {
      const jid = await toBound(peer, { id: null })
      const pressure = pressures[jid.slice('ada@localhost/'.length)]
      if (pressure) {
        await pressure.press(peer)
        peer.write(`${pressure.end}<message id='last'/>`)
        return await peer.closed
      }
      for (;;) {
        const { name, attributes } = await peer.next(({ xmlns }) => xmlns === 'jabber:client')
        if (name === 'message') peer.write(`<message id='${attributes.id}'/>`)
      }
    })
    child = fork(fileURLToPath(new URL('pressed.ts', import.meta.url)))
    // the first time brings what every connection needs
    ;({ peak } = await put('a body of 20 MiB'))
  })
  after(async () => {
    child.kill()
    await server.stop()
  })

  async function put(resource: string): Promise<Answer> {
    const { service, caFile } = server
    child.send({ service, caFile, resource, stanzaLimit: pressures[resource]?.stanzaLimit ?? 256 * 1024 } satisfies Told)
    const [answer] = (await once(child, 'message')) as [Answer]
    return answer
  }

  for (const what of Object.keys(pressures))
    test(what, async () => {
      const { went, peak: now } = await put(what)
      const growth = (now - peak) / 1024
      peak = now
      assert.deepEqual(went, ['cut', 'last'])
      assert.ok(growth < GROWTH, `${Math.round(growth)} MiB`)
    })
})
