import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plan, type Step, TAKEN_AFTER } from './plan.ts'
import { createRandom } from './random.ts'

const seeds = Array.from({ length: 50 }, (_, index) => index + 1)
function steps(seed: number, minutes: number, { count = 100, mortal = true } = {}): Step[] {
  const planned = plan({ random: createRandom(seed), minutes, mortal })
  return Array.from({ length: count }, () => planned.next().value)
}

/** What begins and ends in the first ms of a run, where nothing takes longer than it has to. */
function within(all: readonly Step[], ms: number): Step[] {
  let at = 0
  return all.filter(({ calm, lasts }) => {
    at += calm + lasts
    return at <= ms
  })
}

test('a seed has one plan, another seed another one', () => {
  assert.deepEqual(steps(7, 1), steps(7, 1))
  assert.notDeepEqual(steps(7, 1), steps(8, 1))
})

test('in each run of a minute an owner is frozen, and one is cut from Redis, for longer than its lease', () => {
  for (const seed of seeds) {
    const long = within(steps(seed, 1), 60_000).filter(({ lasts }) => lasts > TAKEN_AFTER)
    for (const fault of ['gateway frozen', 'gateway cut from Redis'])
      assert.ok(
        long.some((step) => step.fault === fault),
        `seed ${seed}: ${fault}`,
      )
  }
})

test('in each longer run Redis is away until all instances have given up their sessions', () => {
  for (const seed of seeds)
    assert.ok(
      within(steps(seed, 2), 120_000).some(({ fault, lasts }) => fault.startsWith('Redis') && lasts >= 12_000 && lasts <= 20_000),
      `seed ${seed}`,
    )
})

test('every fault comes, and no server is killed that must not be', () => {
  const kinds = (mortal: boolean) => new Set(steps(1, 10, { count: 1_000, mortal }).map(({ fault }) => fault))
  assert.equal(kinds(true).size, 12)
  assert.deepEqual(
    [...kinds(true)].filter((fault) => !kinds(false).has(fault)),
    ['server killed'],
  )
})
