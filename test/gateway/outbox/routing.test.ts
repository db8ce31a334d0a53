import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionFor } from '../../../src/gateway/outbox/routing.ts'

const free = { pinned: undefined, primaryOnly: false }
const recipients = Array.from({ length: 400 }, (_, index) => `contact${index}@example.org`)

test('a conversation always takes the same connection, and conversations spread over all', () => {
  const usable = [0, 1, 2, 3]
  const chosen = recipients.map((to) => connectionFor(to, { usable, ...free }))
  assert.deepEqual(
    chosen,
    recipients.map((to) => connectionFor(to, { usable, ...free })),
  )
  for (const index of usable) assert.ok(chosen.filter((one) => one === index).length > 50)
})

test('when a connection goes, only its own conversations move', () => {
  for (const to of recipients) {
    const before = connectionFor(to, { usable: [0, 1, 2, 3], ...free })
    if (before !== 3) assert.equal(connectionFor(to, { usable: [0, 1, 2], ...free }), before)
  }
})

test('a recipient with unacknowledged messages stays on their connection, also while that is away', () => {
  assert.equal(connectionFor('a@b', { usable: [0, 1, 2], pinned: 2, primaryOnly: false }), 2)
  assert.equal(connectionFor('a@b', { usable: [0, 1], pinned: 2, primaryOnly: false }), undefined)
})

test('what belongs on the primary waits for it', () => {
  assert.equal(connectionFor('room@muc', { usable: [0, 1], pinned: undefined, primaryOnly: true }), 0)
  assert.equal(connectionFor('room@muc', { usable: [1], pinned: undefined, primaryOnly: true }), undefined)
})

test('without any connection it waits', () => {
  assert.equal(connectionFor('a@b', { usable: [], ...free }), undefined)
})
