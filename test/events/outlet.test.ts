import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { createStallWatch } from '../../src/events/outlet.ts'

/** A socket as far as the watch looks at it, and a clock that only the test moves. */
function setUp(t: { mock: { timers: { enable(options: { apis: ['setInterval'] }): void; tick(ms: number): void } } }) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let now = 0
  const stalls = createStallWatch({ seconds: 3, monotonic: () => now })
  const socket = { bytesWritten: 0, writableLength: 0, destroyed: false, _handle: { writeQueueSize: 0 } }
  let stalled = 0
  const watched = stalls.watch(socket as unknown as Socket, () => {
    stalled += 1
  })
  return {
    watched,
    write(bytes: number) {
      socket.bytesWritten += bytes
      socket.writableLength += bytes
      socket._handle.writeQueueSize += bytes
      watched.wrote()
    },
    /** the kernel takes bytes of a write that is not finished */
    take(bytes: number) {
      socket._handle.writeQueueSize -= bytes
    },
    finish() {
      socket._handle.writeQueueSize = 0
      socket.writableLength = 0
    },
    pass(ms: number) {
      now += ms
      t.mock.timers.tick(ms)
    },
    stalled: () => stalled,
  }
}

test('a socket that takes nothing while something waits is told once, after the bound and not before', (t) => {
  const { write, pass, stalled } = setUp(t)
  write(1000)
  for (let ms = 0; ms < 2250; ms += 750) pass(750)
  assert.equal(stalled(), 0)
  for (let ms = 0; ms < 1500; ms += 750) pass(750)
  assert.equal(stalled(), 1)
  for (let ms = 0; ms < 9000; ms += 750) pass(750)
  assert.equal(stalled(), 1)
})

test('a socket that takes a little of a large write within the bound is not slow, however long it lasts', (t) => {
  const { write, take, pass, stalled } = setUp(t)
  write(1_000_000)
  for (let round = 0; round < 20; round += 1) {
    pass(750)
    pass(750)
    pass(750)
    take(1)
  }
  assert.equal(stalled(), 0)
})

test('a socket with nothing to take is never slow, and is watched again at its next write', (t) => {
  const { write, finish, pass, stalled } = setUp(t)
  write(10)
  finish()
  for (let ms = 0; ms < 9000; ms += 750) pass(750)
  assert.equal(stalled(), 0)
  write(10)
  for (let ms = 0; ms < 3750; ms += 750) pass(750)
  assert.equal(stalled(), 1)
})

test('more writes to a stalled socket are no progress', (t) => {
  const { watched, write, pass, stalled } = setUp(t)
  write(10)
  for (let ms = 0; ms < 3750; ms += 750) {
    watched.wrote()
    pass(750)
  }
  assert.equal(stalled(), 1)
})

test('where too much waits of all, the reader for whom most waits goes first, and others only when that is not enough', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let full = 0
  const gone: string[] = []
  const stalls = createStallWatch({ seconds: 3, monotonic: () => 0, total: 1000, onFull: () => full++ })
  const reader = (name: string) => {
    const socket = { bytesWritten: 0, writableLength: 0, destroyed: false, destroy: () => Object.assign(socket, { destroyed: true }) }
    const watched = stalls.watch(socket as unknown as Socket, () => gone.push(name))
    const write = (bytes: number) => {
      socket.writableLength += bytes
      watched.wrote()
    }
    return { socket, watched, write }
  }
  const [a, b, c] = [reader('a'), reader('b'), reader('c')]
  a.write(300)
  b.write(500)
  c.write(200)
  assert.deepEqual([gone, full], [[], 0])
  // what was taken meanwhile does not count
  b.socket.writableLength = 100
  c.write(250)
  assert.deepEqual(gone, [])
  c.write(250)
  assert.deepEqual([gone, full], [['c'], 1])
  // what waits for one that was closed is bounded in its turn
  a.write(500)
  b.write(200)
  assert.deepEqual([gone, c.socket.destroyed, a.socket.destroyed], [['c', 'a'], false, true])
  t.mock.timers.tick(750)
  const d = reader('d')
  d.write(690)
  assert.deepEqual(gone, ['c', 'a'])
  b.watched.stop()
  d.write(300)
  assert.deepEqual([gone, full], [['c', 'a'], 2])
})
