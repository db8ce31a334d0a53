/** The XMPP server of an attacker, where an attacker has an account. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Element, elements } from '../../src/xml/element.ts'
import { MAM, ROSTER, result, roster, serveAccount } from '../support/fake-account.ts'
import { answerBind, bindFeature, features, mechanisms, smFeature, toAuthenticated, toLoggedIn, toTls } from '../support/fake-log-in.ts'
import { namespaces, type Peer } from '../support/fake-server.ts'
import type { Attack, Attacker } from './attack.ts'
import { contents, STANZA, times } from './worst.ts'

const SM = namespaces.sm
/** bytes that are written at one time */
const PIECE = 256 * 1024

/** Writes one(0), one(1), … as fast as they are taken, until the time is over. */
async function flood({ signal, did }: Attacker, peer: Peer, one: (index: number) => string): Promise<void> {
  for (let index = 0; !signal.aborted && !peer.socket.destroyed; ) {
    let text = ''
    const from = index
    while (text.length < PIECE) text += one(index++)
    did('written', index - from)
    if (!peer.socket.write(text)) await Promise.race([once(peer.socket, 'drain'), once(signal, 'abort')]).catch(() => undefined)
    await delay(1)
  }
}

/** An account that is online; then so much comes. */
const online = (what: string, one: (index: number) => string, ms?: number): Attack => ({
  who: 'hostile server',
  what,
  ...(ms === undefined ? {} : { ms }),
  run: (attacker) => flooded(attacker, one),
})

async function flooded(attacker: Attacker, one: (index: number) => string): Promise<void> {
  const server = await attacker.hostile((peer) => serveAccount(peer))
  const [peer] = server.peers as [Peer]
  await flood(attacker, peer, one)
}

/** A log-in that comes to the script at some point, again and again. */
const logIn = (what: string, script: (peer: Peer, attacker: Attacker) => Promise<unknown>, count = 5): Attack => ({
  who: 'hostile server',
  what,
  async run(attacker) {
    await attacker.hostile(
      async (peer) => {
        attacker.did('connections')
        await script(peer, attacker)
      },
      { isOnline: false, count },
    )
    await once(attacker.signal, 'abort')
  },
})

/** an account whose answers to one kind of iq are of the attacker's making */
const answering = (what: string, namespace: string, answer: (iq: Element) => string, ms?: number): Attack => ({
  who: 'hostile server',
  what,
  ...(ms === undefined ? {} : { ms }),
  async run(attacker) {
    const answers = {
      [namespace]: (iq: Element) => {
        attacker.did('asked')
        return answer(iq)
      },
    }
    await attacker.hostile((peer) => serveAccount(peer, { answers }), { isOnline: false, count: 3 })
    await once(attacker.signal, 'abort')
  },
})

const message = (index: number, inner: string) => `<message from='m${index}@evil.example/x' id='m${index}'>${inner}</message>`
const kinds = Object.values(contents)
const items = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `<item jid='u${index}@evil.example' subscription='both' name='User'><group>a</group></item>`,
  ).join('')
const page = (iq: Element, index: number) => {
  const { attributes = {} } = elements(iq)[0] ?? {}
  const one = (at: number) =>
    `<message><result xmlns='${MAM}' queryid='${attributes.queryid}' id='${index}-${at}'><forwarded xmlns='urn:xmpp:forward:0'>` +
    `<delay xmlns='urn:xmpp:delay' stamp='2024-01-01T00:00:00Z'/><message xmlns='jabber:client' from='u@evil.example/x' id='${index}-${at}'><body>x</body></message></forwarded></result></message>`
  const set = `<set xmlns='http://jabber.org/protocol/rsm'><first>${index}-0</first><last>${index}-49</last><count>1000000000</count></set>`
  return Array.from({ length: 50 }, (_, at) => one(at)).join('') + result(iq, `<fin xmlns='${MAM}' complete='false'>${set}</fin>`)
}

let count = 0

export const serverAttacks: readonly Attack[] = [
  online(
    'presence of ever new addresses',
    (index) => `<presence from='u${index}@evil.example/x'><status>${'x'.repeat(500)}</status></presence>`,
    2000,
  ),
  online('presence of ever new resources of one', (index) => `<presence from='u@evil.example/${index}'/>`),
  online('requests for subscriptions', (index) => `<presence type='subscribe' from='u${index}@evil.example'/>`),
  online('small messages', (index) => message(index, '<body>x</body>')),
  online('empty messages', () => '<message/>'),
  online(
    'chat states',
    (index) => `<message from='u${index % 50}@evil.example'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
  ),
  online('white space', () => ' '.repeat(1000)),
  online('messages of all the worst kinds', (index) => message(index, kinds[index % kinds.length] as string), 2500),
  online('messages that are too large', (index) => message(index, `<body>${'x'.repeat(1_000_000)}</body>`)),
  online('one message without an end', (index) => (index === 0 ? '<message><body>' : 'x'.repeat(10_000))),
  online('elements in elements without an end', () => '<message>'),
  online('receipts and markers of what never was', (index) => message(index, `<received xmlns='urn:xmpp:receipts' id='${index}'/>`)),
  online('corrections and retractions of what never was', (index) =>
    message(index, `<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='${index}'/>`),
  ),
  online(
    'carbons',
    (index) =>
      `<message from='ada@localhost'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='u@evil.example' id='${index}'><body>x</body></message></forwarded></received></message>`,
  ),
  online(
    'errors',
    (index) =>
      `<message type='error' from='u@evil.example' id='${index}'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  ),
  online(
    'questions',
    (index) => `<iq type='get' from='u${index}@evil.example' id='${index}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  ),
  online(
    'questions of kinds that nobody knows',
    (index) => `<iq type='set' from='u@evil.example' id='${index}'><x xmlns='urn:${index}'/></iq>`,
  ),
  online('answers that nobody asked for', (index) => `<iq type='result' from='u@evil.example' id='${index}'/>`),
  online(
    'roster pushes',
    (index) =>
      `<iq type='set' id='p${index}'><query xmlns='${ROSTER}'>${`<item jid='u${index}@evil.example' subscription='both'/>`}</query></iq>`,
  ),
  online(
    'roster pushes that come and go',
    (index) =>
      `<iq type='set' id='p${index}'><query xmlns='${ROSTER}'><item jid='u@evil.example' subscription='${index % 2 ? 'both' : 'remove'}'/></query></iq>`,
  ),
  online('questions for acknowledgements', () => `<r xmlns='${SM}'/>`),
  online('acknowledgements', () => `<a xmlns='${SM}' h='0'/>`),
  online('acknowledgements of what was never written', (index) => `<a xmlns='${SM}' h='${4_294_967_295 - index}'/>`),
  online('elements that nobody knows', (index) => `<x xmlns='urn:x' a='${index}'/>`),
  online('events of nodes', (index) => message(index, contents['items of a node'] as string)),
  online('attributes by the thousand', (index) => `<message ${Array.from({ length: 10_000 }, (_, at) => `a${at}='${index}'`).join(' ')}/>`),
  online('what is not XML, after each log-in', (index) => (index === 0 ? '<a b=>' : '&#0;')),
  online('comments and instructions', () => '<!-- x --><?x?>'),
  {
    who: 'hostile server',
    what: 'bytes that drip, on many connections',
    async run(attacker) {
      const server = await attacker.hostile((peer) => serveAccount(peer), { count: 20 })
      for (const peer of server.peers) peer.write('<message><body>')
      while (!attacker.signal.aborted) {
        for (const { socket } of server.peers) if (socket.writable) socket.write('x')
        attacker.did('written', server.peers.length)
        await delay(1)
      }
    },
  },
  logIn('nothing is said to whoever connects', (peer) => peer.closed, 50),
  logIn('the head of a stream without an end', async (peer, attacker) => {
    await peer.opened()
    peer.write("<?xml version='1.0'?><stream:stream a='")
    await flood(attacker, peer, () => 'x'.repeat(1000))
  }),
  logIn('features of a stream without an end', async (peer, attacker) => {
    await peer.opened()
    peer.header()
    peer.write('<stream:features>')
    await flood(attacker, peer, () => "<x xmlns='urn:x'/>")
  }),
  logIn('mechanisms by the thousand', async (peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(features(mechanisms(...Array.from({ length: 8000 }, (_, index) => `X-${index}`))))
    await peer.closed
  }),
  logIn('challenges without an end', async (peer, attacker) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(features(mechanisms('SCRAM-SHA-1')))
    await peer.next()
    await flood(attacker, peer, () => `<challenge xmlns='${namespaces.sasl}'>${'A'.repeat(1000)}</challenge>`)
  }),
  logIn('a challenge of the largest size', async (peer) => {
    await toTls(peer)
    await peer.opened()
    peer.header()
    peer.write(features(mechanisms('SCRAM-SHA-1')))
    await peer.next()
    peer.write(`<challenge xmlns='${namespaces.sasl}'>${Buffer.from(`r=${'x'.repeat(STANZA / 2)},s=x,i=1`).toString('base64')}</challenge>`)
    await peer.closed
  }),
  logIn(
    'log-ins that fail at the last step',
    async (peer) => {
      await toTls(peer)
      await toLoggedIn(peer)
      peer.write(features(bindFeature))
      await peer.next()
      peer.socket.destroy()
    },
    20,
  ),
  logIn(
    'a stream that ends as soon as it is there',
    async (peer) => {
      await toAuthenticated(peer)
      peer.write(features(bindFeature + smFeature))
      await answerBind(peer)
      peer.write("<stream:error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
    },
    20,
  ),
  logIn('an answer to the bind that is large', async (peer) => {
    await toAuthenticated(peer)
    peer.write(features(bindFeature))
    const { attributes } = await peer.next()
    peer.write(
      `<iq type='result' id='${attributes.id}'><bind xmlns='${namespaces.bind}'><jid>ada@localhost/${'x'.repeat(STANZA)}</jid></bind></iq>`,
    )
    await peer.closed
  }),
  answering('a roster of 50,000', ROSTER, (iq) => roster(iq, items(50_000)), 2500),
  answering(
    'a roster of 15 MiB of empty items',
    ROSTER,
    (iq) => roster(iq, times("<item jid='a@b.example' subscription='both' a='b'/>", 15 * 2 ** 20)),
    2500,
  ),
  answering('a roster with groups by the thousand', ROSTER, (iq) =>
    roster(iq, `<item jid='a@b.example' subscription='both'>${times('<group>a</group>', STANZA)}</item>`),
  ),
  answering('an archive without an end', MAM, (iq) => page(iq, count++), 2500),
  {
    who: 'hostile server',
    what: 'answers of the largest size to what a caller asks',
    ms: 2000,
    async run(attacker) {
      const disco = 'http://jabber.org/protocol/disco#info'
      const info = times("<feature var='urn:x'/>", 2 ** 21 - 1000)
      await attacker.hostile((peer) =>
        serveAccount(peer, { answers: { [disco]: (iq) => result(iq, `<query xmlns='${disco}'>${info}</query>`) } }),
      )
      const { text } = await attacker.ask('GET', '/sessions')
      const [{ id }] = JSON.parse(text).data
      const body = `{"type":"get","payload":{"discoInfo":{}}}`
      await attacker.again(10, () => attacker.ask('POST', `/iq?session=${id}`, { body }))
    },
  },
]
