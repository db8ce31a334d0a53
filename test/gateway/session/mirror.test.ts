/** What a session remembers is bounded, in entries and in characters, and says what goes when it is more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byName, defineKind, type KindBound, type StateKind } from '../../../src/gateway/contract/state-kind.ts'
import { createShares } from '../../../src/gateway/session/memory-share.ts'
import { createMirror } from '../../../src/gateway/session/mirror.ts'

const uncounted = { count() {}, set() {}, observe() {} }
const value = (length: number) => 'x'.repeat(length)
/** characters of a key of one letter and a value of 94 */
const HUNDRED = value(94)

const kindOf = (bound: Partial<KindBound> & { name: string }): StateKind =>
  defineKind({ bound: bound.name, entries: 100, size: 10_000, ...bound })
const a = kindOf({ name: 'a' })

function start(kinds: readonly StateKind[], share?: ReturnType<ReturnType<typeof createShares>>) {
  const full: string[] = []
  const known = new Map<string, Map<string, unknown>>()
  const onFull: NonNullable<Parameters<typeof createMirror>[1]>['onFull'] = ({ bound }, spared) =>
    full.push(spared ? `${bound}, spared` : bound)
  const mirror = createMirror(known, { kinds: byName(kinds), onFull, ...(share && { share }) })
  const put = (kind: string, key: string, kept: unknown) =>
    mirror.apply({ state: [{ kind, key, value: kept }] }).map(({ key: gone }) => gone)
  const keys = (kind: string) => [...mirror.all(kindOf({ name: kind })).keys()]
  return { mirror, known, full, put, keys }
}

test('the oldest goes where there are too many, and where they are too large', () => {
  const { put, keys, full } = start([kindOf({ name: 'a', bound: 'few', entries: 2 }), kindOf({ name: 'b', bound: 'small', size: 350 })])
  assert.deepEqual(
    ['1', '2', '1', '3'].flatMap((key) => put('a', key, 1)),
    ['2'],
  )
  assert.deepEqual(keys('a'), ['1', '3'])
  assert.deepEqual(
    ['1', '2', '3'].flatMap((key) => put('b', key, HUNDRED)),
    [],
  )
  assert.deepEqual(put('b', '4', HUNDRED), ['1'])
  assert.deepEqual(put('b', '5', value(250)), ['2', '3', '4'])
  assert.deepEqual(put('b', '6', value(1_000)), ['5', '6'])
  assert.deepEqual(keys('b'), [])
  assert.deepEqual(full, ['few', ...Array(6).fill('small')])
})

test('what changes or goes by itself makes room', () => {
  const { put, keys, mirror } = start([kindOf({ name: 'a', bound: 'small', size: 350 })])
  for (let round = 0; round < 10; round += 1) {
    for (const key of ['1', '2', '3']) assert.deepEqual(put('a', key, HUNDRED), [])
    put('a', '2', null)
    if (round === 5) mirror.apply({ clear: ['a'] })
  }
  assert.deepEqual(keys('a'), ['1', '3'])
})

test('who is spared goes last, also one who became it later', () => {
  const spares: KindBound['spares'] = (key, _, get) => get(kindOf({ name: 'contacts' }), key) !== undefined
  const { put, keys, full } = start([kindOf({ name: 'a', bound: 'presences', entries: 3, spares })])
  put('contacts', 'c', true)
  for (const key of ['c', 'x', 'y']) put('a', key, 1)
  put('contacts', 'x', true)
  assert.deepEqual(put('a', 'z', 1), ['y'])
  put('contacts', 'd', true)
  assert.deepEqual(put('a', 'd', 1), ['z'])
  assert.deepEqual(keys('a'), ['c', 'x', 'd'])
  assert.deepEqual(full, ['presences', 'presences'])
  assert.deepEqual(put('a', 'e', 1), ['e'], 'one who is no contact does not push out a contact')
  put('contacts', 'f', true)
  assert.deepEqual(put('a', 'f', 1), ['c'])
  assert.equal(full.at(-1), 'presences, spared')
})

test('letting go of one costs the same however many there are', () => {
  const time = (count: number) => {
    const spares = (key: string) => key.startsWith('contact')
    const { mirror } = start([kindOf({ name: 'a', entries: count, size: Number.POSITIVE_INFINITY, spares })])
    const put = (key: string) => mirror.apply({ state: [{ kind: 'a', key, value: 1 }] })
    for (let index = 0; index < count; index += 1) put(index % 2 === 0 ? `contact${index}@a/r` : `x${index}@a/r`)
    const one = (index: number) => {
      put(`y${index}@a/r`)
      mirror.ofAccount(a, `x${index}@a`)
    }
    // what is found by age and by account is put in order once
    one(-1)
    const begun = performance.now()
    for (let index = 0; index < 5_000; index += 1) one(index)
    return performance.now() - begun
  }
  const best = (count: number) => Math.min(...Array.from({ length: 3 }, () => time(count)))
  best(1_000)
  const [few, many] = [best(2_000), best(40_000)]
  assert.ok(many < few * 6 + 50, `${few} ms, then ${many} ms`)
})

test('the keys of an account are found, as they come and go', () => {
  const { mirror, put } = start([])
  put('a', 'juliet@a/x', 1)
  assert.deepEqual(mirror.ofAccount(a, 'juliet@a'), ['juliet@a/x'])
  put('a', 'juliet@a/y', 1)
  put('a', 'juliet@a/x', 2)
  put('a', 'juliet@a', 2)
  put('a', 'juliets@a/x', 2)
  assert.deepEqual(mirror.ofAccount(a, 'juliet@a').toSorted(), ['juliet@a', 'juliet@a/x', 'juliet@a/y'])
  put('a', 'juliet@a/x', null)
  assert.deepEqual(mirror.ofAccount(a, 'juliet@a').toSorted(), ['juliet@a', 'juliet@a/y'])
  mirror.apply({ clear: ['a'] })
  assert.deepEqual(mirror.ofAccount(a, 'juliet@a'), [])
})

test('kinds that nobody has set a bound for have one', () => {
  const { put, keys } = start([])
  for (let index = 0; index < 1_100; index += 1) put('constructor', String(index), 1)
  assert.equal(keys('constructor').length, 1_000)
})

test('sessions share what is left of the memory; what one cannot do without stays', () => {
  const share = createShares({ total: 100_000, metrics: uncounted })
  const bounds = [kindOf({ name: 'a', entries: 1e6, size: 1e9 }), kindOf({ name: 'own', entries: 1e6, size: 1e9, firm: true })]
  const [one, other] = [start(bounds, share()), start(bounds, share())]
  const fill = ({ put }: typeof one, count: number) => {
    for (let index = 0; index < count; index += 1) put('a', String(index), value(1_000))
  }
  const kept = ({ keys }: typeof one) => keys('a').length
  fill(one, 500)
  // each has 256 KiB of its own, and the first one took what is for all
  assert.ok(kept(one) > 340 && kept(one) < 362, `${kept(one)}`)
  fill(other, 500)
  assert.ok(kept(other) > 250 && kept(other) < 262, `${kept(other)}`)
  other.put('own', 'presence', value(10_000))
  assert.deepEqual(other.keys('own'), ['presence'])
  one.mirror.close()
  fill(other, 500)
  assert.ok(kept(other) > 330, `${kept(other)}`)
})

test('what is kept is written to the map that others read, and holds on to nothing that it came with', () => {
  const { mirror, known } = start([])
  const given = { show: 'away' }
  mirror.apply({ state: [{ kind: 'presence', key: 'juliet@a/x', value: given }] })
  given.show = 'dnd'
  assert.deepEqual(known.get('presence')?.get('juliet@a/x'), { show: 'away' })
})
