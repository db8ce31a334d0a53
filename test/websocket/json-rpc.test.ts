import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import { createRpc, type RpcMethod } from '../../src/websocket/json-rpc.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

async function ask(frame: unknown, run: RpcMethod = async ({ params }) => params) {
  const answer = createRpc({ methods: new Map([['things.get', run]]), log: silent })
  const { text, isRequest } = await answer(typeof frame === 'string' ? frame : JSON.stringify(frame))
  return { isRequest, ...(text !== undefined && JSON.parse(text)) }
}

test('a request is run with its params and answered with its id', async () => {
  assert.deepEqual(await ask({ jsonrpc: '2.0', id: 'a', method: 'things.get', params: { x: 1 } }), {
    isRequest: true,
    jsonrpc: '2.0',
    id: 'a',
    result: { x: 1 },
  })
  for (const id of [null, 1.5, '', 'x'.repeat(255)])
    assert.deepEqual(await ask({ jsonrpc: '2.0', id, method: 'things.get' }), { isRequest: true, jsonrpc: '2.0', id, result: {} })
  assert.deepEqual(await ask({ jsonrpc: '2.0', id: 0, method: 'things.get' }), { isRequest: true, jsonrpc: '2.0', id: 0, result: {} })
  const empty = await ask({ jsonrpc: '2.0', id: 1, method: 'things.get' }, async () => undefined)
  assert.equal(empty.result, null)
})

test('a notification is run and not answered', async () => {
  let ran = false
  const answer = await ask({ jsonrpc: '2.0', method: 'things.get' }, async () => {
    ran = true
  })
  assert.deepEqual([answer, ran], [{ isRequest: true }, true])
  const failed = await ask({ jsonrpc: '2.0', method: 'things.get' }, async () => {
    throw new Problem('session-offline', 'As asked.')
  })
  assert.deepEqual(failed, { isRequest: true })
})

test('a problem is an error with the code of JSON-RPC and the problem as data', async () => {
  const failing = (code: 'jid-malformed' | 'session-offline') => async () => {
    throw new Problem(code, 'As asked.')
  }
  const request = { jsonrpc: '2.0', id: 1, method: 'things.get' }
  const wrong = await ask(request, failing('jid-malformed'))
  assert.deepEqual([wrong.error.code, wrong.error.message, wrong.error.data.code], [-32602, 'As asked.', 'jid-malformed'])
  assert.equal((await ask(request, failing('session-offline'))).error.code, -32000)
  const hidden = await ask(request, async () => {
    throw new TypeError('inside')
  })
  assert.deepEqual([hidden.error.code, hidden.error.data.code], [-32000, 'internal-error'])
  assert.ok(!JSON.stringify(hidden).includes('inside'))
})

test('what is no request is told as JSON-RPC says', async () => {
  const codes = async (frame: unknown) => {
    const { id, error, isRequest } = await ask(frame)
    return [id, error.code, isRequest]
  }
  assert.deepEqual(await codes('{'), [null, -32700, false])
  for (const frame of ['{"id":1,"id":2}', '{"__proto__":{}}', '['.repeat(1000), '', `{"a":${'{"b":'.repeat(200)}`])
    assert.deepEqual(await codes(frame), [null, -32700, false])
  for (const frame of ['1', 'null', '[]', '[{"jsonrpc":"2.0","id":1,"method":"things.get"}]'])
    assert.deepEqual(await codes(frame), [null, -32600, false])
  assert.deepEqual(await codes({ id: 3 }), [3, -32600, false])
  for (const id of [[3], { a: 3 }, [[[['deep']]]], true, 'x'.repeat(256)]) {
    assert.deepEqual(await codes({ id, method: 'things.get' }), [null, -32600, false])
    assert.deepEqual(await codes({ id }), [null, -32600, false])
  }
  assert.deepEqual(await codes({ id: 3, method: 'no' }), [3, -32601, false])
  assert.deepEqual(await codes({ id: 3, method: 'things.get', params: [1] }), [3, -32602, false])
  assert.deepEqual(await codes({ id: 3, method: 'constructor' }), [3, -32601, false])
})
