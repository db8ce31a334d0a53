import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incoming } from '../../../src/gateway/contract/feature.ts'
import { type Arrival, copyOf } from '../../../src/gateway/inbound/copies.ts'
import type { SessionRecord } from '../../../src/gateway/ports/session-record.ts'
import { createBounds } from '../../../src/store/memory/bounds.ts'
import { createCopies } from '../../../src/store/memory/copies.ts'
import { parseStanza } from '../../../src/xml/parse.ts'
import { limits } from '../../store/sample.ts'

const own = 'romeo@montague.lit'
const [primary, sender] = [`${own}/bot`, `${own}/bot-1`]
const juliet = 'juliet@capulet.lit/balcony'
/** where the tests begin: a whole second */
const NOON = Date.UTC(2026, 10, 29, 12)

type Way = Partial<Pick<Incoming, 'carbon' | 'archive'>> & Partial<Arrival> & { joined?: string }

/** What is told of what comes in, one line each. */
function telling() {
  const copies = createCopies(86_400_000, createBounds({ limits, total: Number.POSITIVE_INFINITY, metrics: undefined }).copies)
  let count = 0
  function told(xml: string, { carbon, archive, joined = '', ...arrival }: Way = {}): boolean {
    count += 1
    const incoming = { stanza: parseStanza(xml), connection: 0, ...(carbon && { carbon }), ...(archive && { archive }) }
    const time = arrival.time ?? NOON
    const copy = copyOf(
      incoming,
      { connection: 0, stream: 's1', at: `@${count}`, time, ...arrival },
      {
        record: { jid: own } as SessionRecord,
        isOwn: (jid) => [primary, sender].includes(jid),
        joined: () => joined,
        clock: { now: () => time, monotonic: () => 0 },
      },
    )
    const known = copies.find(copy, time)
    copies.remember(copy, known ?? String(count), time)
    return known === undefined
  }
  return told
}

const up = ({ from = juliet, to = own, type = 'chat', id = '1', body = 'up', more = '' } = {}) =>
  `<message xmlns="jabber:client" from="${from}" to="${to}" type="${type}" id="${id}"><body>${body}</body>${more}</message>`
const given = (id: string, by = own) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="${id}"/>`
const delay = (seconds: number, by = 'montague.lit', micro = '') =>
  `<delay xmlns="urn:xmpp:delay" from="${by}" stamp="${new Date(NOON + seconds * 1000).toISOString().slice(0, 19)}${micro}Z"/>`
const stamp = (seconds: number) => new Date(NOON + seconds * 1000).toISOString()

test('what comes live on one stream is told, whatever its id, its words and the id that a server gave it', () => {
  const told = telling()
  for (const body of ['up', 'down', 'up', 'up']) assert.ok(told(up({ body })))
  assert.ok(told(up({ more: given('s1') })))
  assert.ok(told(up({ more: given('s1') })), 'a server that gives one id to all')
  for (const id of ['r1', 'r2', 'r1'])
    assert.ok(told(`<message from="${juliet}" id="x"><received xmlns="urn:xmpp:receipts" id="${id}"/></message>`))
})

test('what comes live on another stream is told again, but for what a server gave the same id', () => {
  const told = telling()
  assert.ok(told(up()))
  assert.ok(told(up(), { stream: 's2' }))
  assert.ok(told(up({ id: '2', more: given('s1') })))
  assert.ok(!told(up({ id: '2', more: given('s1') }), { stream: 's2' }))
  assert.ok(told(up({ id: '2', more: given('s1') }), { stream: 's2' }))
  assert.ok(told(up({ id: '2', body: 'down', more: given('s1') }), { stream: 's3' }), 'an id that a broken server gave to another message')
})

test('an id that somebody else gave tells nothing', () => {
  const told = telling()
  assert.ok(told(up({ more: given('s1', 'capulet.lit') })))
  assert.ok(told(up({ more: given('s1', 'capulet.lit') }), { stream: 's2' }))
  assert.ok(told(up({ from: 'mallory@evil.lit/x', more: given('s7') })))
  assert.ok(told(up({ more: given('s7') }), { stream: 's2' }), 'a forged one keeps out nobody else')
})

test('a carbon is the copy of what came for another connection of ours, once each, and of nothing else', () => {
  for (const more of ['', given('s1')]) {
    for (const first of ['live', 'carbon']) {
      const told = telling()
      const live = () => told(up({ to: sender, more }), { connection: 1, stream: 's2' })
      const carbon = () => told(up({ to: sender, more }), { carbon: 'received' })
      const [one, other] = first === 'live' ? [live, carbon] : [carbon, live]
      assert.deepEqual([one(), other(), one(), other()], [true, false, true, false], `${first} first`)
    }
  }
  const told = telling()
  assert.ok(told(up()))
  assert.ok(told(up(), { carbon: 'received' }), 'to the bare JID, where only the other client got it')
  assert.ok(told(up({ to: `${own}/phone` }), { carbon: 'received' }))
  assert.ok(told(up({ to: `${own}/phone` }), { carbon: 'received' }))
  assert.ok(told(up({ to: sender }), { connection: 1, stream: 's2' }))
  assert.ok(told(up({ to: sender }), { carbon: 'received', time: NOON + 3_600_000 }), 'much later')
})

test('three in a row to another connection are three, in whatever order their carbons come', () => {
  const told = telling()
  const live = (body: string) => told(up({ to: sender, body }), { connection: 1, stream: 's2' })
  const carbon = (body: string) => told(up({ to: sender, body }), { carbon: 'received' })
  assert.deepEqual([live('up'), live('down'), live('up')], [true, true, true])
  assert.deepEqual([carbon('up'), carbon('down'), carbon('up')], [false, false, false])
  assert.deepEqual([carbon('up'), live('up'), live('down'), live('up')], [true, false, true, true])
})

test('the archive has what was told, each once, by its id or by what its author gave it', () => {
  const told = telling()
  const archived = (id: string, seconds = 0, more = {}) => told(up(more), { archive: { id, stamp: stamp(seconds) }, stream: '', at: '' })
  assert.ok(told(up({ more: given('a1') })))
  assert.ok(!archived('a1'))
  assert.ok(archived('a2'), 'the same words under another id')
  assert.ok(!archived('a2'), 'a page that is read again')
  assert.ok(!told(up({ more: given('a2') }), { stream: 's2' }), 'live after it was restored')
  assert.deepEqual([told(up({ id: '7' })), told(up({ id: '7' }))], [true, true])
  assert.deepEqual([archived('b1', 1, { id: '7' }), archived('b2', 2, { id: '7' }), archived('b3', 3, { id: '7' })], [false, false, true])
  assert.ok(told(up({ id: '8' })))
  assert.ok(archived('c1', 3_600, { id: '8' }), 'an hour later')
  assert.ok(told(up({ id: '7' }), { stream: 's3' }), 'live without an id it is new')
})

test('what the server sends late is the copy of what another stream brought, where it was sent before that was told', () => {
  const late = (seconds: number, { micro = '', by = 'montague.lit', ...way }: Way & { micro?: string; by?: string } = {}) => {
    const told = telling()
    assert.ok(told(up(), { time: NOON + 1_500 }))
    return told(up({ more: delay(seconds, by, micro) }), { stream: 's2', time: NOON + 60_000, ...way })
  }
  assert.equal(late(0), false)
  assert.equal(late(0, { by: own }), false)
  assert.equal(late(1, { micro: '.4' }), false)
  assert.equal(late(1, { micro: '.6' }), true, 'said after it')
  assert.equal(late(1), true, 'in the same second, as far as known')
  assert.equal(late(30), true)
  assert.equal(late(-120), true, 'far too early')
  assert.equal(late(0, { by: 'capulet.lit' }), true, 'somebody else says so')
  assert.equal(late(0, { stream: 's1' }), true, 'a stream brings nothing twice')
})

test('what waited for the account comes once, by the archive or late, as often as it was said', () => {
  const told = telling()
  const archived = (id: string, seconds: number) =>
    told(up(), { archive: { id, stamp: `${stamp(seconds).slice(0, 19)}.400Z` }, stream: '', at: '' })
  const late = (seconds: number, stream = 's2') => told(up({ more: delay(seconds) }), { stream, time: NOON + 60_000 })
  assert.deepEqual([archived('a1', 1), archived('a2', 1)], [true, true])
  assert.deepEqual([late(1), late(1), late(1)], [false, false, true])
  assert.deepEqual([late(1, 's3'), late(1, 's3'), late(1, 's3')], [false, false, false], 'the same again on the next stream')
})

test('a room says again what it said before with each join; its ids are trusted for its words, the own account’s are not', () => {
  const [room, nick] = ['room@muc.lit', 'room@muc.lit/nick']
  const said = (more = '') => up({ from: nick, type: 'groupchat', more })
  const told = telling()
  assert.deepEqual([told(said()), told(said())], [true, true])
  const again = (joined: string) => told(said(delay(0, room)), { joined })
  assert.deepEqual([again('1'), again('1'), again('1')], [false, false, true])
  assert.deepEqual([again('2'), again('2'), again('2'), again('2')], [false, false, false, true])
  assert.ok(told(said(given('g1', room))))
  assert.ok(!told(said(given('g1', room) + delay(0, room)), { stream: 's2' }))
  assert.ok(told(said(given('g2', own))))
  assert.ok(told(said(given('g2', own)), { stream: 's2' }))
  assert.ok(told(up({ from: 'room@muc.lit/other', type: 'groupchat', more: delay(0, room) }), { joined: '3' }), 'another occupant')
})

test('authors, types, ids and what is said tell messages apart', () => {
  const told = telling()
  const late = (more: object, inside = '') => told(up({ ...more, more: `${inside}${delay(0)}` }), { stream: 's2', time: NOON + 60_000 })
  assert.ok(told(up(), { time: NOON + 1_500 }))
  for (const other of [{ from: 'juliet@capulet.lit/chamber' }, { type: 'error' }, { id: '2' }, { body: 'down' }])
    assert.ok(late(other), JSON.stringify(other))
  assert.ok(late({}, '<active xmlns="http://jabber.org/protocol/chatstates"/>'))
  assert.ok(!late({ from: 'Juliet@capulet.lit/balcony' }))
})
