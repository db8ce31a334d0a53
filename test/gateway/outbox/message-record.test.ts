import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advance, merge, recordJson } from '../../../src/gateway/outbox/message-record.ts'
import { accepted } from '../../../src/gateway/outbox/recent-records.ts'

const fresh = accepted({ id: 'msg_1', to: 'juliet@capulet.lit', acceptedAt: 1_000 })
const after = (...statuses: Parameters<typeof advance>[1][]) =>
  statuses.reduce((record, status, index) => advance(record, status, 2_000 + index) ?? record, fresh)

test('an acknowledgement that comes after the receipt is told in the history and does not take the status back', () => {
  const record = after('sent', 'delivered', 'acked')
  assert.equal(record.status, 'delivered')
  assert.deepEqual(
    record.history.map(({ status }) => status),
    ['accepted', 'sent', 'delivered', 'acked'],
  )
})

test('the same thing is told once', () => {
  assert.equal(advance(after('sent', 'acked'), 'acked', 9_000), undefined)
})

test('a bounce of what was delivered changes nothing, and what failed stays failed', () => {
  assert.equal(advance(after('sent', 'delivered'), 'failed', 9_000), undefined)
  assert.equal(advance(after('failed'), 'delivered', 9_000), undefined)
  assert.equal(after('sent', 'acked', 'failed').status, 'failed')
})

test('two versions made at the same time become one that tells both, in the order of time', () => {
  const sent = after('sent')
  const acked = advance(sent, 'acked', 5_000) as typeof sent
  const delivered = advance(sent, 'delivered', 4_000) as typeof sent
  const both = merge(acked, delivered)
  assert.equal(both.status, 'delivered')
  assert.deepEqual(
    both.history.map(({ status }) => status),
    ['accepted', 'sent', 'delivered', 'acked'],
  )
})

test('callers see RFC 3339 times', () => {
  assert.deepEqual(recordJson(fresh), {
    id: 'msg_1',
    to: 'juliet@capulet.lit',
    status: 'accepted',
    originId: 'msg_1',
    acceptedAt: '1970-01-01T00:00:01.000Z',
    history: [{ status: 'accepted', at: '1970-01-01T00:00:01.000Z' }],
  })
})
