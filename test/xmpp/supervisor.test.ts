import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { defaultBounds } from '../../src/xmpp/bounds.ts'
import { createTokenBuckets } from '../../src/xmpp/dial/token-buckets.ts'
import { failure } from '../../src/xmpp/failure.ts'
import { Supervisor } from '../../src/xmpp/supervisor.ts'

const ended = (reason: string, code: Parameters<typeof failure>[1] = 'xmpp-unreachable') => failure(reason, code, 'it ended')

function supervisor({ random = 1 } = {}) {
  let now = 0
  const made = new Supervisor({ bounds: defaultBounds, monotonic: () => now, random: () => random })
  return {
    judge: made.judge.bind(made),
    pass: (ms: number) => {
      now += ms
    },
    wait: (reason: string, online = 0) => {
      const verdict = made.judge(ended(reason), online)
      return verdict.kind === 'retry' ? verdict.wait : verdict.state
    },
  }
}

describe('the decision after an end', () => {
  test('pauses double from a second to five minutes', () => {
    const { wait } = supervisor()
    const waits = Array.from({ length: 12 }, () => wait('connection-lost'))
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000, 300_000])
  })

  test('a pause is drawn from all of its range', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(50), (random, failures) => {
        const { wait } = supervisor({ random })
        for (let index = 0; index < failures; index += 1) wait('unreachable')
        assert.equal(wait('unreachable'), random * Math.min(300_000, 1000 * 2 ** failures))
      }),
    )
  })

  test('a stream that lived for a minute starts anew, a shorter one does not', () => {
    const { wait } = supervisor()
    for (let index = 0; index < 5; index += 1) wait('connection-lost')
    assert.equal(wait('connection-lost', 59_999), 32_000)
    assert.equal(wait('connection-lost', 60_000), 1000)
  })

  test('a conflict soon after a break may be our own log-in that came late: it is tried once more, and a second one is final', () => {
    const { wait, pass } = supervisor()
    wait('connection-lost')
    pass(59_999)
    assert.deepEqual([wait('conflict'), wait('conflict')], [2000, 'conflict'])
    const later = supervisor()
    later.wait('connection-lost')
    later.pass(60_000)
    assert.equal(later.wait('conflict'), 'conflict')
  })

  test('conflict and refused credentials are final', () => {
    const { judge } = supervisor()
    assert.deepEqual(judge(ended('conflict', 'xmpp-conflict'), 100_000), { kind: 'stop', state: 'conflict' })
    assert.deepEqual(judge(ended('sasl-not-authorized', 'xmpp-authentication-failed'), 0), { kind: 'stop', state: 'auth-failed' })
  })

  test('a server that cannot check credentials now is asked again after 30 s', () => {
    const { wait } = supervisor({ random: 0 })
    assert.equal(wait('sasl-temporary-auth-failure'), 30_000)
  })

  for (const reason of [
    'policy-violation',
    'not-authorized',
    'host-unknown',
    'host-gone',
    'tls-failed',
    'server-not-trusted',
    'address-not-allowed',
  ]) {
    test(`${reason}: from 60 s, the third time is the last`, () => {
      const { wait } = supervisor({ random: 0 })
      assert.deepEqual([wait(reason), wait(reason), wait(reason)], [60_000, 60_000, 'stopped'])
    })
  }

  test('strikes are forgotten after a stable stream', () => {
    const { wait } = supervisor({ random: 0 })
    wait('tls-failed')
    wait('tls-failed')
    wait('connection-lost', 60_000)
    assert.equal(wait('tls-failed'), 60_000)
  })

  test('what could not be read safely: from 5 s, the third time within ten minutes is the last', () => {
    const { wait, pass } = supervisor({ random: 0 })
    assert.equal(wait('received-not-well-formed', 70_000), 5000)
    pass(300_000)
    assert.equal(wait('received-not-well-formed', 70_000), 5000)
    pass(301_000)
    assert.equal(wait('received-not-well-formed', 70_000), 5000)
    pass(1000)
    assert.equal(wait('received-not-well-formed', 70_000), 'stopped')
  })

  test('a link that went silent is resumed at once, the first time', () => {
    const { wait } = supervisor()
    assert.deepEqual([wait('silence', 1000), wait('silence')], [0, 2000])
  })

  test('what we wrote and was refused is not written again by a resume', () => {
    const { judge } = supervisor()
    for (const reason of ['bad-format', 'not-well-formed', 'invalid-xml']) {
      const verdict = judge(ended(reason), 1000)
      assert.ok(verdict.kind === 'retry' && verdict.anew, reason)
    }
    const verdict = judge(ended('system-shutdown'), 1000)
    assert.ok(verdict.kind === 'retry' && !verdict.anew)
  })
})

test('reconnects to one host are spread: a hundred at once, then twenty a second', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const { take } = createTokenBuckets({ rate: 20, burst: 100, monotonic: () => now })
  const going = new AbortController()
  let begun = 0
  const all = Array.from({ length: 200 }, () => take('example.org', 'main', going.signal).then(() => begun++))
  const pass = async (ms: number) => {
    for (const until = now + ms; now < until; ) {
      now += 50
      t.mock.timers.tick(50)
      await nextTurn()
    }
    return begun
  }
  await nextTurn()
  assert.equal(begun, 100)
  assert.equal(await pass(50), 101)
  assert.equal(await pass(950), 120)
  await take('other.example', 'main', going.signal)
  going.abort()
  await Promise.all(all)
})

test('of two tenants that come back to one host one does not wait behind all of the other', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const { take } = createTokenBuckets({ rate: 20, burst: 1, monotonic: () => now })
  const going = new AbortController()
  const all = Array.from({ length: 1_000 }, () => take('example.org', 'many', going.signal))
  let begun = false
  const one = take('example.org', 'one', going.signal).then(() => {
    begun = true
  })
  for (; !begun && now < 1_000; now += 50) {
    t.mock.timers.tick(50)
    await nextTurn()
  }
  assert.ok(begun)
  going.abort()
  await Promise.all([...all, one])
})

// ---------------------------------------------------------------- on sockets
