import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { element } from '../../../src/xml/element.ts'
import { distance, Ledger, readEnabled, readH, SM } from '../../../src/xmpp/stream/stream-management.ts'

const fresh = () => new Ledger({ jid: 'a@b/c', id: 'sm', max: null })

describe('the ledger of a stream', () => {
  test('what is told to the server is only ever what is stored, without gaps', () => {
    const ledger = fresh()
    const positions = [1, 2, 3, 4].map(() => ledger.receive().position)
    assert.deepEqual([positions, ledger.inbound, ledger.lag], [[1, 2, 3, 4], 0, 4])
    ledger.consume(3)
    ledger.store(2)
    assert.deepEqual([ledger.inbound, ledger.lag], [3, 1])
    ledger.store(1)
    ledger.store(9)
    assert.equal(ledger.inbound, 3)
    ledger.store(4)
    assert.deepEqual([ledger.inbound, ledger.lag], [4, 0])
  })

  test('what was handed over before a resume is not handed over again', () => {
    const ledger = fresh()
    for (let index = 0; index < 5; index += 1) ledger.receive()
    ledger.store(2)
    assert.equal(ledger.rewind(), 2)
    // stored while the server sends it once more
    ledger.store(4)
    const again = Array.from({ length: 4 }, () => ledger.receive())
    assert.deepEqual(again, [
      { position: 3, again: true },
      { position: 4, again: true },
      { position: 5, again: true },
      { position: 6, again: false },
    ])
  })

  test('a resume hands back what the server did not count, and counts on from there', () => {
    const ledger = fresh()
    for (const xml of ['<a/>', '<b/>', '<c/>']) ledger.send(xml)
    assert.equal(ledger.acknowledge(1), true)
    assert.deepEqual(ledger.resume(2), ['<c/>'])
    assert.deepEqual([ledger.outbound, ledger.acked, ledger.unacked, ledger.unackedSize], [2, 2, 0, 0])
    assert.equal(ledger.send('<c/>'), 3)
    assert.equal(ledger.resume(1), undefined)
    assert.equal(ledger.resume(4), undefined)
  })

  test('a stream of another process goes on at the h of the server, whatever was saved last', () => {
    const from = { id: 'sm', jid: 'a@b/c', inbound: 7, outbound: 5, acked: 3, max: 600, savedAt: 0 }
    for (const h of [3, 5, 9]) {
      const ledger = new Ledger({ jid: from.jid, id: from.id, max: from.max, from })
      assert.deepEqual(ledger.resume(h), [])
      assert.equal(ledger.send('<a/>'), h + 1)
      assert.equal(ledger.receive().position, 8)
    }
    assert.equal(new Ledger({ jid: from.jid, id: from.id, max: from.max, from }).resume(2), undefined)
  })

  test('any h is accepted exactly when the server can have it, across 2^32', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.nat(50), fc.nat(50), fc.integer({ min: -60, max: 60 }), (start, sent, acked, delta) => {
        const from = { id: 'sm', jid: 'a@b/c', inbound: 0, outbound: start, acked: start, max: null, savedAt: 0 }
        const ledger = new Ledger({ jid: from.jid, id: from.id, max: null, from })
        ledger.resume(start)
        for (let index = 0; index < sent; index += 1) ledger.send(`<x${index}/>`)
        const first = Math.min(acked, sent)
        assert.equal(ledger.acknowledge((start + first) % 2 ** 32), true)
        const h = (start + first + delta + 2 ** 32) % 2 ** 32
        const possible = delta >= 0 && first + delta <= sent
        assert.equal(ledger.acknowledge(h), possible)
        assert.equal(ledger.unacked, possible ? sent - first - delta : sent - first)
      }),
    )
  })

  test('distance is signed and wraps', () => {
    assert.deepEqual([distance(1, 2 ** 32 - 1), distance(2 ** 32 - 1, 1), distance(5, 5)], [2, -2, 0])
  })

  test('a snapshot is only taken of what can be resumed', () => {
    assert.equal(new Ledger({ jid: 'a@b/c', id: undefined, max: null }).snapshot(1), null)
    assert.deepEqual(fresh().snapshot(9), { id: 'sm', jid: 'a@b/c', inbound: 0, outbound: 0, acked: 0, max: null, savedAt: 9 })
  })
})

test('an answer to <enable/> without an id, or without resume, cannot be resumed', () => {
  const enabled = (attributes: Record<string, string>) => readEnabled(element('enabled', SM, attributes))
  assert.deepEqual(enabled({ id: 'x', resume: 'true', max: '600' }), { id: 'x', max: 600 })
  assert.deepEqual(enabled({ id: 'x', resume: '1' }), { id: 'x', max: null })
  assert.deepEqual(enabled({ id: 'x' }), { id: undefined, max: null })
  assert.deepEqual(enabled({ resume: 'true' }), { id: undefined, max: null })
  assert.deepEqual(enabled({ id: '', resume: 'true', max: 'soon' }), { id: undefined, max: null })
  for (const max of ['', ' ', '-1', '1.5', '0x10', '1e3'])
    assert.deepEqual(enabled({ id: 'x', resume: '1', max }), { id: 'x', max: null }, max)
  assert.deepEqual(enabled({ id: 'x', resume: '1', max: '0' }), { id: 'x', max: 0 })
})

test('an h is a decimal number and nothing else', () => {
  const h = (value: string | undefined) => readH(element('a', SM, { h: value }))
  assert.deepEqual([h('0'), h('4294967295')], [0, 4294967295])
  for (const value of [undefined, '', '-1', '1.5', '1e3', ' 1', '0x1', '99999999999']) assert.ok(Number.isNaN(h(value)), value)
})
