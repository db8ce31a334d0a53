import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StreamState } from '../../src/gateway/ports/change.ts'
import type { ConnectorOptions } from '../../src/xmpp/connector.ts'
import {
  ack,
  answerBind,
  bindFeature,
  features,
  request,
  resumed,
  serve,
  smFeature,
  toAuthenticated,
  toBound,
  toResume,
} from '../support/fake-log-in.ts'
import { namespaces } from '../support/fake-server.ts'
import { endedAfterEach } from './ended.ts'
import { follow } from './support.ts'

/** back-off without waiting, so that a test is as quick as its server */
const quick: Partial<ConnectorOptions> = { bounds: { backoffFirst: 1, backoffMax: 20 } }
const { connector, scripted } = endedAfterEach(quick)

describe('with a server that does what is rare', () => {
  const ada = { jid: 'ada@localhost', password: 'secret', resource: 'desk' }

  const hello = (id: string) => `<message id="${id}"/>`
  const isId = (id: string) => (element: { attributes: Readonly<Record<string, string>> }) => element.attributes.id === id

  test('the server is asked to acknowledge after ten stanzas, or a moment later', async () => {
    const server = await scripted(async (peer) => {
      await toBound(peer)
      await serve(peer)
    })
    const { open } = connector(server, { bounds: { requestDelay: 50 } })
    const follower = follow(open, { ...ada, service: server.service })
    await follower.online()
    for (let index = 1; index <= 10; index += 1) follower.connection.send(hello(String(index)))
    await follower.acked(10)
    follower.connection.send(hello('11'))
    await follower.acked(11)
    assert.deepEqual(follower.acks, [10, 11])
  })

  test('a request is answered at once, with what is stored and never more', async () => {
    const answers: string[] = []
    const server = await scripted(async (peer) => {
      await toBound(peer)
      peer.write(hello('1') + hello('2') + request)
      answers.push((await peer.next(({ name }) => name === 'a')).attributes.h as string)
      await peer.next(isId('stored'))
      peer.write(request)
      answers.push((await peer.next(({ name }) => name === 'a')).attributes.h as string)
      await serve(peer)
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service }, { store: false })
    await follower.until(() => follower.stanzas.length === 2)
    await follower.online()
    follower.connection.stored(1)
    follower.connection.send(hello('stored'))
    await follower.until(() => answers.length === 2 || undefined).catch(() => undefined)
    await Promise.race([server.ran(1), follower.until(() => answers.length === 2)])
    assert.deepEqual(answers, ['0', '1'])
  })

  test('a server that shuts down in order is met again with a resume', async () => {
    const server = await scripted(async (peer) => {
      if (peer.number === 1) {
        await toBound(peer)
        await peer.next(isId('1'))
        peer.write(`<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`)
        peer.socket.end()
        return
      }
      await toResume(peer)
      peer.write(resumed(1))
      await serve(peer, { count: 1 })
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    await follower.online()
    follower.connection.send(hello('1'))
    await follower.until(() => follower.states.find(({ resumed: again }) => again === true))
    assert.deepEqual(
      follower.states.map(({ state, reason }) => [state, reason]),
      [
        ['connecting', null],
        ['online', null],
        ['resuming', 'system-shutdown'],
        ['resuming', 'system-shutdown'],
        ['online', null],
      ],
    )
  })

  test('a resume after one that was asked for and not answered is doubtful, the next one is not', async () => {
    const server = await scripted(async (peer) => {
      if (peer.number === 1) await toBound(peer)
      else await toResume(peer)
      if (peer.number > 2) peer.write(resumed(0))
      if (peer.number <= 3) peer.socket.destroy()
      else await serve(peer)
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    const again = await follower.until(() => {
      const resumes = follower.states.filter(({ resumed: went }) => went === true)
      return resumes.length === 2 && resumes
    })
    assert.deepEqual(
      again.map(({ doubtful }) => doubtful),
      [true, false],
    )
  })

  test('a link that is cut in the middle of the replay loses nothing', async () => {
    const got: string[] = []
    const server = await scripted(async (peer) => {
      if (peer.number === 1) {
        await toBound(peer)
        await peer.next(isId('3'))
        peer.socket.destroy()
        return
      }
      await toResume(peer)
      peer.write(resumed(1))
      if (peer.number === 2) {
        await peer.next(isId('2'))
        peer.socket.destroy()
        return
      }
      for (const id of ['2', '3']) got.push((await peer.next(isId(id))).attributes.id as string)
      peer.write(ack(3))
      await serve(peer, { count: 3 })
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    await follower.online()
    for (const id of ['1', '2', '3']) follower.connection.send(hello(id))
    await follower.acked(3)
    assert.deepEqual(got, ['2', '3'])
    assert.deepEqual(follower.lost, [])
  })

  test('stream management without an id: a cut loses the stream, and the counters start anew', async () => {
    const server = await scripted(async (peer) => {
      await toBound(peer, { id: null })
      if (peer.number === 1) {
        await peer.next(isId('old'))
        peer.socket.destroy()
        return
      }
      await serve(peer)
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    await follower.online()
    assert.equal(follower.connection.managed, true)
    assert.equal(follower.connection.snapshot(), null)
    assert.equal(follower.connection.send(hello('old')).position, 1)
    await follower.until(() => follower.lost.length === 1)
    await follower.until(() => follower.bounds.length === 2)
    assert.equal(follower.connection.send(hello('new')).position, 1)
    await follower.acked(1)
    assert.deepEqual([follower.lost, follower.acks], [[null], [1]])
  })

  for (const [what, sm] of [
    ['not offered', false],
    ['refused', true],
  ] as const) {
    test(`stream management ${what}: a ping after it acknowledges what was sent`, async () => {
      const server = await scripted(async (peer) => {
        await toAuthenticated(peer)
        peer.write(features(bindFeature + (sm ? smFeature : '')))
        await answerBind(peer, { sm: false })
        if (sm) {
          await peer.next(({ name }) => name === 'enable')
          peer.write(`<failed xmlns='${namespaces.sm}'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`)
        }
        for (;;) {
          const iq = await peer.next(({ name }) => name === 'iq')
          peer.write(`<iq type='error' id='${iq.attributes.id}' from='localhost'><error type='cancel'/></iq>`)
        }
      })
      const follower = follow(connector(server, { bounds: { requestDelay: 10 } }).open, { ...ada, service: server.service })
      await follower.online()
      assert.equal(follower.connection.managed, false)
      const { position } = follower.connection.send(hello('1'))
      await follower.acked(position)
      assert.equal(follower.stanzas.length, 0)
    })
  }

  for (const [what, h] of [
    ['too high', 5],
    ['backwards', 0],
    ['no number', 'x'],
    ['too large', 2 ** 32],
  ] as const) {
    test(`an h that is ${what} ends the stream, which is not resumed`, async () => {
      const server = await scripted(async (peer) => {
        await toBound(peer, { id: `sm-${peer.number}` })
        if (peer.number === 1) {
          await peer.next(isId('2'))
          peer.write(ack(2) + ack(h))
        }
        await serve(peer)
      })
      const follower = follow(connector(server).open, { ...ada, service: server.service })
      await follower.online()
      follower.connection.send(hello('1'))
      follower.connection.send(hello('2'))
      await follower.until(() => follower.bounds.length === 2)
      assert.ok(follower.states.some(({ reason }) => reason === 'handled-count-wrong'))
      assert.deepEqual([follower.lost, follower.acks], [[null], [2]])
      assert.ok(!server.peers[1]?.heard.includes('<resume'))
    })
  }

  test('counters that wrap at 2^32, carried over from another process', async () => {
    const asked: number[] = []
    const server = await scripted(async (peer) => {
      asked.push(await toResume(peer))
      peer.write(resumed(2 ** 32 - 1))
      peer.write(hello('in-1') + hello('in-2'))
      await peer.next(isId('2'))
      peer.write(ack(1) + request)
      asked.push(Number((await peer.next(({ name }) => name === 'a')).attributes.h))
      await serve(peer)
    })
    const last = 2 ** 32 - 1
    const resume: StreamState = {
      id: 'sm-1',
      jid: 'ada@localhost/desk',
      inbound: last,
      outbound: last,
      acked: last - 3,
      max: 600,
      savedAt: 0,
    }
    const follower = follow(connector(server).open, { ...ada, service: server.service, resume })
    await follower.online()
    assert.deepEqual([follower.connection.send(hello('1')).position, follower.connection.send(hello('2')).position], [0, 1])
    await follower.acked(1)
    await follower.until(() => follower.stanzas.length === 2)
    assert.deepEqual(
      follower.stanzas.map(({ position }) => position),
      [0, 1],
    )
    await follower.until(() => asked.length === 2 || undefined).catch(() => undefined)
    assert.equal(asked[0], last)
    assert.deepEqual(follower.acks.slice(0, 2), [last, 1])
  })

  test('the h of a refused resume says what was still counted', async () => {
    const server = await scripted(async (peer) => {
      if (peer.number === 1) {
        await toBound(peer)
        await peer.next(isId('3'))
        peer.socket.destroy()
        return
      }
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      await peer.next(({ name }) => name === 'resume')
      peer.write(`<failed xmlns='${namespaces.sm}' h='2'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`)
      await answerBind(peer, { id: 'sm-2' })
      await serve(peer)
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    await follower.online()
    for (const id of ['1', '2', '3']) follower.connection.send(hello(id))
    await follower.until(() => follower.bounds.length === 2)
    assert.deepEqual([follower.acks, follower.lost], [[2], [2]])
  })

  test('a bind that the server refuses for a conflict is done once more without a resource', async () => {
    const server = await scripted(async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      const asked = await peer.next(({ name }) => name === 'iq')
      peer.write(
        `<iq type='error' id='${asked.attributes.id}'><error type='modify'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
      )
      await answerBind(peer)
      await serve(peer)
    })
    const follower = follow(connector(server).open, { ...ada, service: server.service })
    assert.equal((await follower.online()).jid, 'ada@localhost/chosen')
    assert.equal(server.peers.length, 1)
  })

  test('a server that lists stream management twice is asked once', async () => {
    const server = await scripted(async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature + smFeature))
      await answerBind(peer)
      await serve(peer)
    })
    await follow(connector(server).open, { ...ada, service: server.service }).online()
    assert.equal(server.peers[0]?.heard.match(/<enable/g)?.length, 1)
  })
})
