import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createPlaces } from '../../../../src/fair/places.ts'
import { createDerivations } from '../../../../src/xmpp/login/mechanisms/derivation.ts'

const never = new AbortController().signal
/** far longer than a look-up */
const long = { password: 'pencil', salt: Buffer.from('salt'), iterations: 200_000, length: 64, algorithm: 'sha512' }
const short = { ...long, iterations: 1 }

test('a name is looked up while log-ins wait for their keys', async () => {
  const derive = createDerivations(createPlaces({ most: 2, each: 2 }))('main', never)
  const order: string[] = []
  const keys = Array.from({ length: 5 }, () => derive(long).then(() => order.push('key')))
  // they have begun
  await setImmediate()
  await lookup('localhost').then(() => order.push('name'))
  await Promise.all(keys)
  assert.deepEqual(order, ['name', 'key', 'key', 'key', 'key', 'key'])
})

test('keys are derived in order, and a log-in that is over leaves the queue', async () => {
  const derivations = createDerivations(createPlaces({ most: 1, each: 1 }))
  const left = new AbortController()
  const order: string[] = []
  const first = derivations('main', never)(long).then(() => order.push('first'))
  const second = derivations('main', left.signal)(long)
  const third = derivations('main', never)(short).then(() => order.push('third'))
  left.abort(new Error('over'))
  await assert.rejects(second, /over/)
  await assert.rejects(derivations('main', left.signal)(short), /over/)
  await Promise.all([first, third])
  assert.deepEqual(order, ['first', 'third'])
  await derivations('main', never)(short)
})

test('a derivation that cannot be gives its turn on', async () => {
  const derive = createDerivations(createPlaces({ most: 1, each: 1 }))('main', never)
  await assert.rejects(derive({ ...short, algorithm: 'none' }))
  assert.equal((await derive(short)).length, 64)
})

test('the keys of one tenant are not waited for by another', async () => {
  const derivations = createDerivations(createPlaces({ most: 2, each: 1 }))
  const order: string[] = []
  const keys = Array.from({ length: 20 }, () => derivations('attacker', never)(long).then(() => order.push('long')))
  await setImmediate()
  await derivations('main', never)(short).then(() => order.push('short'))
  assert.deepEqual(order, ['short'])
  await Promise.all(keys)
})
