import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTranslator } from '../../src/codec/translate.ts'
import { Problem } from '../../src/errors/problem.ts'
import { iqOperations } from '../../src/features/iq/operations.ts'
import { sessionOperations } from '../../src/features/sessions/operations.ts'
import type { Answer, Call } from '../../src/gateway/contract/operation.ts'
import type { SessionHandle, Sessions } from '../../src/gateway/contract/session.ts'
import { definitions } from '../../src/protocol/index.ts'

const vocabulary = createTranslator(definitions)
const timeout = new Problem('xmpp-timeout', 'No answer.', { headers: { other: 'kept' } })

/** Runs an operation up to its end, answer or problem; tells how long it would have waited, in ms. */
async function run(id: string, wait: number | undefined, end: 'answer' | Problem) {
  let waited = 0
  const outcome = <T>(ms: number, value: T) => {
    waited = ms
    return end === 'answer' ? Promise.resolve(value) : Promise.reject(end)
  }
  const record = { id: 'ses_1', jid: 'a@x.example' }
  const session = {
    record,
    perform: (_name: string, _args: unknown, options: { timeout: number }) => outcome(options.timeout, "<iq type='result' id='1'/>"),
  } as unknown as SessionHandle
  const sessions = {
    open: (_new: unknown, options: { wait: number }) => outcome(options.wait, { handle: session, token: 't', outcome: 'created' }),
    view: async () => record,
  } as unknown as Sessions
  const operations = [...iqOperations({ vocabulary, limits: { stanza: 10_000 } }), ...sessionOperations({ sessions, vocabulary })]
  const body = id === 'iq.send' ? { type: 'get', payload: { ping: {} } } : { jid: record.jid, password: 'p' }
  const call = {
    caller: { tenant: 'main' },
    session,
    body,
    prefer: wait === undefined ? {} : { wait },
    accept: 'application/json',
  } as unknown as Call
  const operation = operations.find((one) => one.id === id)
  const told = await operation?.run(call).catch((thrown) => thrown)
  return { waited, told: told as Answer & Problem }
}

for (const id of ['iq.send', 'sessions.open']) {
  test(`${id}: a wait that was honoured is told by the answer and by the timeout that ends it`, async () => {
    const answer = await run(id, 5, 'answer')
    assert.deepEqual([answer.waited, answer.told.preferenceApplied], [5000, 'wait=5'])
    const { waited, told } = await run(id, 5, timeout)
    assert.deepEqual([waited, told.code, told.retryable], [5000, 'xmpp-timeout', true])
    assert.deepEqual(told.options.headers, { other: 'kept', 'preference-applied': 'wait=5' })
    const most = await run(id, 9999, timeout)
    assert.equal(most.told.options.headers?.['preference-applied'], `wait=${most.waited / 1000}`)
  })

  test(`${id}: without the preference, or for another problem, nothing is said to be applied`, async () => {
    assert.equal((await run(id, undefined, 'answer')).told.preferenceApplied, undefined)
    assert.equal((await run(id, undefined, timeout)).told, timeout)
    const other = new Problem('session-offline', 'Offline.')
    assert.equal((await run(id, 5, other)).told, other)
  })
}

test('a wait of 0 for an iq is not told as one of 1', async () => {
  assert.equal((await run('iq.send', 0, 'answer')).told.preferenceApplied, undefined)
  assert.equal((await run('iq.send', 0, timeout)).told, timeout)
})
