import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { Connector } from '../../src/gateway/ports/connection.ts'
import { childText, type Element } from '../../src/xml/element.ts'
import { xmlLimits } from '../../src/xml/limits.ts'
import type { Channel, ChannelListener } from '../../src/xmpp/stream/channel.ts'
import { Reader } from '../../src/xmpp/stream/stream-reader.ts'
import { answerBind, bindFeature, features, request, serve, smFeature, toAuthenticated, toBound } from '../support/fake-log-in.ts'
import { type FakeServer, namespaces, type Peer, startFakeServer } from '../support/fake-server.ts'
import { connectorFor, type Follower, follow, isMessage } from './support.ts'

const uncaught: unknown[] = []
const note = (cause: unknown) => uncaught.push(cause)
before(() => process.on('uncaughtException', note).on('unhandledRejection', note))
after(() => {
  process.off('uncaughtException', note).off('unhandledRejection', note)
  assert.deepEqual(uncaught, [])
})

const stops: { stop(): Promise<void> }[] = []
const connectors: Connector[] = []
afterEach(async () => {
  await Promise.all(connectors.splice(0).map((connector) => connector.close()))
  await Promise.all(stops.splice(0).map((each) => each.stop()))
})

function connector(server: { caFile?: string }, options: Parameters<typeof connectorFor>[1] = {}): Connector {
  const made = connectorFor(server, { bounds: { backoffFirst: 1, backoffMax: 20 }, ...options })
  connectors.push(made)
  return made
}

/** what a hostile server or contact sends on a bound stream, and the word for how the stream ends; null: it lives on */
const hostile: Record<string, [xml: string, reason: string | null]> = {
  'a from without a domain': ["<message from='x@/y'><body>1</body></message>", null],
  'a from that is no JID': ["<message from='@@@'/>", null],
  'an iq answer without an error': ["<iq type='error' id='1'/>", null],
  'an element that is no stanza': ["<thing xmlns='urn:example:thing'><deep/></thing>", null],
  'a stanza in another namespace': ["<message xmlns='jabber:server' from='a@b'/>", null],
  'an unknown entity': ['<message><body>&x;</body></message>', 'received-restricted-xml'],
  'a reference to NUL': ['<message><body>&#0;</body></message>', 'received-not-well-formed'],
  'a NUL': ['<message><body>\0</body></message>', 'received-not-well-formed'],
  'an empty stream error': ['<stream:error/>', 'undefined-condition'],
  'a see-other-host without a host': [
    "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    'see-other-host',
  ],
  'a byte after the end of the stream': ['</stream:stream>x', 'stream-closed'],
  'elements after the end of the stream': ['</stream:stream><message/></stream:stream>', 'stream-closed'],
  'a DTD': ["<!DOCTYPE x [<!ENTITY a 'aaaa'>]><message/>", 'received-restricted-xml'],
  'a comment': ['<!-- x --><message/>', 'received-restricted-xml'],
  'a processing instruction': ['<?php x ?><message/>', 'received-restricted-xml'],
  'a duplicate attribute': ["<message id='1' id='2'/>", 'received-not-well-formed'],
  'tags that do not match': ['<message><body></message></body>', 'received-not-well-formed'],
  'a prefix that is not declared': ['<x:message/>', 'received-not-well-formed'],
  'text between stanzas': ['hello', 'received-bad-format'],
  'bytes that are no UTF-8': ['\xc0\xaf<message/>', 'received-unsupported-encoding'],
  depth: [`<message>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</message>`, null],
  'many attributes': [`<message ${Array.from({ length: 100_000 }, (_, index) => `a${index}='1'`).join(' ')}/>`, null],
  'many children': [`<message>${'<a/>'.repeat(20_000)}</message>`, null],
  'many long namespaces': [`<message xmlns:p='urn:${'u'.repeat(150_000)}'>${'<p:a/>'.repeat(9_000)}</message>`, null],
  'a stanza over the limit': [`<message><body>${'x'.repeat(20_000_000)}</body></message>`, null],
  'a start tag over the limit': [`<message a='${'x'.repeat(300_000)}'/>`, null],
  'a start tag of which nobody sees the end': [`<message a='${'x'.repeat(3_000_000)}'/>`, null],
  'a stanza spelt at length': [`<message><body>${'&#x00000022;'.repeat(250_000)}</body></message>`, null],
  'a name without an end': [`<${'x'.repeat(2_000_000)}`, 'received-policy-violation'],
  'an answer to a resume that nobody asked for': [`<resumed xmlns='${namespaces.sm}' h='1'/>`, null],
  'an acknowledgement of nothing': [`<a xmlns='${namespaces.sm}'/>`, 'handled-count-wrong'],
  'a second stream inside': ["<stream:stream xmlns='jabber:client'><message/></stream:stream>", null],
  'features once more': ["<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>", null],
}

describe('one hostile peer among ten sessions', () => {
  let victim: Peer | undefined
  let server: FakeServer
  let followers: Follower[] = []
  let shared: Connector

  before(async () => {
    // messages go round: what n sends is received by all but the first
    const peers = new Map<number, Peer>()
    server = await startFakeServer(async (peer) => {
      await toBound(peer, { id: null })
      if (peer.heard.includes('<resource>victim</resource>')) victim = peer
      else peers.set(peer.number, peer)
      let count = 0
      for (;;) {
        const element = await peer.next()
        if (element.name === 'r') peer.write(`<a xmlns='${namespaces.sm}' h='${count}'/>`)
        if (element.xmlns === 'jabber:client') count += 1
        if (element.name === 'message') for (const other of peers.values()) other.write(`<message id='${element.attributes.id}'/>`)
      }
    })
    shared = connectorFor(server, { bounds: { backoffFirst: 1, backoffMax: 20 } })
    followers = Array.from({ length: 9 }, (_, index) =>
      follow(shared.open, { jid: 'ada@localhost', password: 'secret', resource: `good-${index}`, service: server.service }),
    )
    await Promise.all(followers.map((each) => each.online()))
  })
  after(async () => {
    await shared.close()
    await server.stop()
  })

  for (const [what, [xml, reason]] of Object.entries(hostile)) {
    test(what, async () => {
      victim = undefined
      const follower = follow(connector(server, { bounds: { backoffFirst: 60_000, backoffMax: 60_000 }, random: () => 1 }).open, {
        jid: 'ada@localhost',
        password: 'secret',
        resource: 'victim',
        service: server.service,
      })
      await follower.online()
      const peer = victim as unknown as Peer
      peer.socket.write(Buffer.from(xml, 'latin1'))
      if (reason === null) {
        peer.write("<message id='well'/>")
        await follower.stanza(isMessage('well'))
      } else {
        const { reason: given } = await follower.state('backoff')
        assert.equal(given, reason)
      }
      const id = `after ${what}`
      for (const [index, each] of followers.entries()) each.connection.send(`<message id='${id} ${index}'/>`)
      await Promise.all(
        followers.map((each) =>
          each.until(() => followers.every((_, index) => each.stanzas.some(({ stanza }) => stanza.attributes.id === `${id} ${index}`))),
        ),
      )
      assert.ok(followers.every(({ states }) => states.length === 2))
      assert.deepEqual(uncaught, [])
    })
  }
})

describe('the data path', () => {
  /** a channel that a test feeds */
  function fed() {
    let listener: ChannelListener | undefined
    const written: string[] = []
    const channel: Channel = {
      secure: true,
      tls: null,
      framed: false,
      backlog: () => 0,
      write: (text) => {
        written.push(text)
      },
      listen: (next) => {
        listener = next
      },
      pause: () => undefined,
      resume: () => undefined,
      end: () => undefined,
      destroy: () => undefined,
    }
    const reader = new Reader(channel, { readLimits: xmlLimits, bounds: { queued: 1000 }, monotonic: () => 0 })
    const elements: Element[] = []
    const ends: (string | undefined)[] = []
    reader.handle({
      open: () => undefined,
      element: (element) => elements.push(element),
      ended: (cause) => ends.push(cause?.reason),
    })
    return { reader, elements, ends, written, data: (chunk: Buffer) => listener?.data(chunk) }
  }
  const open = `<stream:stream xmlns='jabber:client' xmlns:stream='${namespaces.streams}'>`

  test('text is the same wherever its bytes are cut', () => {
    const text = 'aé漢👩‍💻\u{10ffff}𝒳ñ'
    const bytes = Buffer.from(`${open}<message><body>${text}</body></message>`)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { data, elements } = fed()
      data(bytes.subarray(0, cut))
      data(bytes.subarray(cut))
      assert.equal(childText(elements[0] as Element, 'body'), text)
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(bytes.length), { maxLength: 20 }), (word, cuts) => {
        const escaped = word.replace(/[&<>\r\0-\x08\x0b-\x1f\ufffe\uffff]/g, '')
        const whole = Buffer.from(`${open}<message><body>${escaped}</body></message><presence/>`)
        const { data, elements } = fed()
        let from = 0
        for (const cut of [...cuts, whole.length].sort((a, b) => a - b)) {
          data(whole.subarray(from, cut))
          from = cut
        }
        assert.equal(childText(elements[0] as Element, 'body'), escaped)
        assert.equal(elements.length, 2)
      }),
      { numRuns: 200 },
    )
  })

  test('bytes that are no UTF-8 end the stream with the condition that says so', () => {
    for (const bad of [[0xc0, 0xaf], [0xff], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82, 0x3c], [0x80]]) {
      const { data, ends, written } = fed()
      data(Buffer.from(`${open}<message><body>`))
      data(Buffer.from(bad))
      data(Buffer.from('</body></message>'))
      assert.deepEqual(ends, ['received-unsupported-encoding'])
      assert.match(written.join(''), /<stream:error><unsupported-encoding .*<\/stream:stream>$/)
    }
  })

  test('what a handler throws ends its own stream and goes no further', () => {
    const { reader, data, ends } = fed()
    reader.handle({
      open: () => undefined,
      element: () => {
        throw new RangeError('a bug')
      },
      ended: (cause) => ends.push(cause?.reason),
    })
    data(Buffer.from(`${open}<message/><message/>`))
    assert.deepEqual(ends, ['internal-error'])
  })

  test('what is held is given later, in order, and only so much of it', () => {
    const { reader, data, elements, ends } = fed()
    data(Buffer.from(`${open}<a/>`))
    reader.hold()
    data(Buffer.from('<b/><c/>'))
    assert.deepEqual(
      elements.map(({ name }) => name),
      ['a'],
    )
    reader.release()
    assert.deepEqual(
      elements.map(({ name }) => name),
      ['a', 'b', 'c'],
    )
    reader.hold()
    data(Buffer.from('<d/>'.repeat(1001)))
    assert.deepEqual(ends, ['received-policy-violation'])
  })
})

describe('before stream management counts', () => {
  const stanza = (id: number | string) => `<message id='${id}'><body>${'x'.repeat(200 * 1024)}</body></message>`
  async function attempt(script: (peer: Peer) => Promise<void>) {
    const server = await startFakeServer(async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      await script(peer)
    })
    stops.push(server)
    return follow(connector(server).open, { jid: 'ada@localhost', password: 'secret', service: server.service, once: true })
  }
  const bound = async (peer: Peer) => {
    const iq = await peer.next(({ name }) => name === 'iq')
    peer.write(`<iq type='result' id='${iq.attributes.id}'><bind xmlns='${namespaces.bind}'><jid>ada@localhost/desk</jid></bind></iq>`)
    await peer.next(({ name }) => name === 'enable')
  }

  test('a stanza before the answer to the bind ends the log-in', async () => {
    const follower = await attempt(async (peer) => {
      await peer.next(({ name }) => name === 'iq')
      peer.write("<message id='1'/>")
      await peer.closed
    })
    assert.equal((await follower.state('stopped')).reason, 'received-bad-format')
  })

  test('a stanza after it is handed over without a number', async () => {
    const follower = await attempt(async (peer) => {
      await bound(peer)
      peer.write(`${stanza('early')}<enabled xmlns='${namespaces.sm}' id='sm-1' resume='true'/><message id='counted'/>`)
      await serve(peer)
    })
    await follower.stanza(isMessage('counted'))
    assert.deepEqual(
      follower.stanzas.map(({ stanza: { attributes }, position }) => [attributes.id, position]),
      [
        ['early', 0],
        ['counted', 1],
      ],
    )
  })

  test('more than a megabyte of them ends the log-in', async () => {
    const follower = await attempt(async (peer) => {
      await bound(peer)
      for (let id = 0; id < 6; id += 1) peer.write(stanza(id))
      await answerBind(peer)
    })
    assert.equal((await follower.state('stopped')).reason, 'received-policy-violation')
  })

  test('no bound is left on a stream that is ready', async () => {
    const follower = await attempt(async (peer) => {
      await bound(peer)
      peer.write(`<enabled xmlns='${namespaces.sm}' id='sm-1' resume='true'/>`)
      for (let id = 0; id < 12; id += 1) peer.write(stanza(id))
      peer.write(request)
      await serve(peer)
    })
    await follower.until(() => follower.stanzas.length === 12)
  })
})

test('three streams that were spoilt within ten minutes are the last', async () => {
  const server = await startFakeServer(async (peer) => {
    await toBound(peer, { id: null })
    peer.write('<message><body>&bomb;</body></message>')
    await serve(peer)
  })
  stops.push(server)
  const follower = follow(connector(server, { bounds: { backoffFirst: 1, backoffMax: 2 } }).open, {
    jid: 'ada@localhost',
    password: 'secret',
    service: server.service,
  })
  const { reason } = await follower.state('stopped')
  assert.equal(reason, 'received-restricted-xml')
  assert.equal(server.peers.length, 3)
})
