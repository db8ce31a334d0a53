/**
 * Each attack of the table, while a bystander of another tenant goes on with what it does: it never waits longer than a second, no session
 * is lost, and the process stays within what its container has. `ATTACKS=<pattern> npm run abuse` tries some alone.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { attacks } from './attacks.ts'
import { type Stage, startStage } from './stage.ts'

/** ms that a bystander may have to wait */
const WAIT = 1000
/** MiB: the memory limit of the chart, at which a container is ended */
const MEMORY = 1024
/** times that an attack is tried where a bystander waited longer: what is its doing is so each time, a slow moment of the machine is not */
const TRIES = 3

const wanted = new RegExp(process.env.ATTACKS ?? '')
const tried = attacks.map(({ who, what }, number) => ({ number, name: `${who}: ${what}` })).filter(({ name }) => wanted.test(name))

export function testAttacks(store: 'memory' | 'redis'): void {
  describe(store === 'memory' ? 'one instance' : 'two instances on Redis', () => {
    let stage: Stage
    before(async () => {
      stage = await startStage(store, tried.length * TRIES)
    })
    after(() => stage?.stop())

    for (const { number, name } of tried) {
      it(name, async (t) => {
        let longest = Number.POSITIVE_INFINITY
        for (let tries = 0; longest > WAIT && tries < TRIES; tries += 1) {
          const { done, waits, memory, troubles } = await stage.attack(number)
          t.diagnostic(`waits ${JSON.stringify(waits)}; ${memory} MiB; done ${JSON.stringify(done)}`)
          assert.deepEqual(troubles, [], 'no session is given up')
          const faults = Object.keys(done).filter((key) => key.startsWith('fault'))
          assert.deepEqual(faults, [], 'the attack itself works')
          assert.notDeepEqual(done, {}, 'the attack does something')
          assert.ok(memory <= MEMORY, `an instance had ${memory} MiB`)
          longest = Math.max(...Object.values(waits))
        }
        assert.ok(longest <= WAIT, `a bystander waited ${longest} ms, and so each time`)
      })
    }
  })
}
