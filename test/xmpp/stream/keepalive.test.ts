import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { defaultBounds } from '../../../src/xmpp/bounds.ts'
import { Keepalive } from '../../../src/xmpp/stream/keepalive.ts'

/** A stream in a time of its own: passes ms by ms of 100, so that every timer fires when it is due. */
function watched(t: { after(clean: () => void): void }, options: { idleSeconds?: number } = {}) {
  mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  let heard = 0
  let written = 0
  let paused = false
  let ahead = 0
  const asked: number[] = []
  const dead: number[] = []
  const keepalive = new Keepalive({
    bounds: defaultBounds,
    monotonic: () => now,
    lastHeard: () => heard,
    lastWrite: () => written,
    idleSeconds: () => options.idleSeconds,
    ahead: () => ahead,
    paused: () => paused,
    ask: () => {
      asked.push(now)
      written = now
      keepalive.asked()
    },
    dead: () => dead.push(now),
  })
  t.after(() => {
    keepalive.stop()
    mock.timers.reset()
  })
  keepalive.start()
  return {
    asked,
    dead,
    keepalive,
    hear: () => {
      heard = now
    },
    put: (ms: number) => {
      ahead = ms
    },
    pause: (on: boolean) => {
      paused = on
      if (!on) heard = now
    },
    pass: (ms: number, each: () => void = () => undefined) => {
      for (const end = now + ms; now < end; ) {
        now += 100
        mock.timers.tick(100)
        each()
      }
    },
  }
}

describe('signs of life', () => {
  test('whenever a link goes silent, it is found within 35 s', (t) => {
    for (const silentFrom of [0, 100, 7_000, 14_900, 15_000, 15_100, 29_900, 44_000]) {
      const { pass, hear, dead, keepalive } = watched(t)
      pass(silentFrom, hear)
      pass(40_000)
      assert.ok(dead.length === 1 && (dead[0] as number) - silentFrom <= 35_000, `${silentFrom}: ${dead}`)
      keepalive.stop()
      mock.timers.reset()
    }
  })

  test('a link that is silent but answers lives on, and is asked every 15 s', (t) => {
    const { pass, hear, asked, dead } = watched(t)
    let answered = 0
    pass(120_000, () => {
      if (asked.length === answered) return
      answered = asked.length
      hear()
    })
    assert.equal(dead.length, 0)
    assert.deepEqual(
      asked,
      [1, 2, 3, 4, 5, 6, 7, 8].map((each) => each * 15_000),
    )
    pass(36_000)
    assert.ok((dead.at(0) ?? Number.NaN) <= 120_000 + 35_000, String(dead))
  })

  test('a busy link is never asked', (t) => {
    const { pass, hear, asked } = watched(t)
    pass(120_000, hear)
    assert.deepEqual(asked, [])
  })

  test('what was asked for a stanza that was sent and stays without an answer counts too', (t) => {
    const { pass, hear, keepalive, dead } = watched(t)
    pass(5_000, hear)
    pass(100)
    keepalive.asked()
    pass(40_000)
    assert.ok((dead[0] as number) <= 5_100 + 20_000 + 100, String(dead))
  })

  test('a server that is still reading what lies before the question is given the time for it', (t) => {
    const { pass, hear, put, keepalive, dead } = watched(t)
    pass(5_000, hear)
    pass(100)
    put(60_000)
    keepalive.asked()
    pass(79_900)
    assert.deepEqual(dead, [])
    pass(200)
    assert.equal(dead.length, 1)
  })

  test('… and no more once it has read that', (t) => {
    const { pass, hear, put, keepalive, dead } = watched(t)
    pass(5_000, hear)
    pass(100)
    put(60_000)
    keepalive.asked()
    pass(30_000)
    hear()
    put(0)
    pass(40_000)
    assert.ok((dead[0] as number) <= 35_100 + 35_100, String(dead))
  })

  test('a link that is not read says nothing by its silence', (t) => {
    const { pass, pause, dead } = watched(t)
    pause(true)
    pass(300_000)
    assert.deepEqual(dead, [])
    pause(false)
    pass(36_000)
    assert.equal(dead.length, 1)
  })

  test('a server that ends streams it hears nothing of is spoken to in time (XEP-0478)', (t) => {
    const { pass, hear, asked } = watched(t, { idleSeconds: 60 })
    pass(120_000, hear)
    assert.deepEqual(asked, [30_000, 60_000, 90_000, 120_000])
  })
})
