import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createPlaces } from '../../../src/fair/places.ts'
import { createLookUps } from '../../../src/xmpp/dial/look-up.ts'
import { temporaryFolder } from '../../support/processes.ts'

const never = new AbortController().signal
const named = new Set(['xmpp.internal'])
const knows = async () => ['192.0.2.1']
const unknown = async () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))
const silent = async () => Promise.reject(Object.assign(new Error('no answer'), { code: 'ETIMEOUT' }))

/** look-ups whose system notes what it is asked for and answers when told */
function noting(questions: (() => Promise<string[]>)[], hostsFile?: string) {
  const asked: string[] = []
  const answers: (() => void)[] = []
  const lookUps = createLookUps({
    named,
    questions,
    ...(hostsFile !== undefined && { hostsFile }),
    places: createPlaces({ most: 2, each: 1 }),
    system: (host) => {
      asked.push(host)
      return new Promise((resolve) => answers.push(() => resolve(['192.0.2.9'])))
    },
  })
  return { lookUps, asked, answers }
}

test('names of strangers are asked for over DNS, and take no thread', async () => {
  const { lookUps, asked } = noting([knows, unknown])
  assert.deepEqual(await lookUps('main', never)('example.org'), ['192.0.2.1'])
  assert.deepEqual(asked, [])
})

test('what is in the hosts file the system looks up, whatever DNS says, also once it has changed', async () => {
  const folder = temporaryFolder('hosts')
  try {
    const hostsFile = join(folder, 'hosts')
    writeFileSync(hostsFile, '192.0.2.9 Listed.example other.example # not.example\n')
    const { lookUps, asked, answers } = noting([knows, silent], hostsFile)
    const both = [lookUps('a', never)('listed.example'), lookUps('b', never)('other.example')]
    await nextTurn()
    assert.deepEqual(asked, ['listed.example', 'other.example'])
    for (const answer of answers) answer()
    assert.deepEqual(await Promise.all(both), [['192.0.2.9'], ['192.0.2.9']])
    assert.deepEqual(await lookUps('main', never)('not.example'), ['192.0.2.1'])
    rmSync(hostsFile)
    assert.deepEqual(await lookUps('main', never)('listed.example'), ['192.0.2.1'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('of a name server that is silent the system is not asked either', async () => {
  const { lookUps, asked } = noting([silent, unknown])
  await assert.rejects(lookUps('main', never)('tarpit.example'), /no answer/)
  assert.deepEqual(asked, [])
})

test('what the operator named, and what DNS does not know, the system looks up; of one tenant one at a time, until it has answered', async () => {
  const { lookUps, asked, answers } = noting([unknown])
  const over = new AbortController()
  const given = lookUps('many', over.signal)('slow.example')
  void lookUps('many', never)('next.example')
  await nextTurn()
  over.abort(new Error('over'))
  await assert.rejects(given, /over/)
  await nextTurn()
  assert.deepEqual(asked, ['slow.example'], 'its thread is still taken')
  const other = lookUps('main', never)('xmpp.internal')
  await nextTurn()
  assert.deepEqual(asked, ['slow.example', 'xmpp.internal'])
  answers[0]?.()
  await nextTurn()
  assert.deepEqual(asked, ['slow.example', 'xmpp.internal', 'next.example'])
  answers[1]?.()
  assert.deepEqual(await other, ['192.0.2.9'])
})
