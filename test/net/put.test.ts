import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, it } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import { createPut } from '../../src/net/put.ts'

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a/file?token=secret`
}

const put = createPut({ privateHosts: ['127.0.0.1'], answerWithin: 300 })

async function* pieces(count: number, size: number) {
  for (let piece = 0; piece < count; piece += 1) yield Buffer.alloc(size, piece)
}

function putting(
  url: string,
  { count = 4, size = 64 * 1024, bytes = pieces(count, size) as AsyncIterable<Uint8Array>, signal = new AbortController().signal } = {},
) {
  return { url, headers: { authorization: 'Bearer x', 'content-type': 'image/png' }, size: count * size, bytes, signal }
}

const codeOf = (promise: Promise<void>) =>
  promise.then(
    () => 'it went well',
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  )

it('arrives as it is, with the headers of its place', async () => {
  let heard = {}
  const url = await serve(async (request, response) => {
    let size = 0
    for await (const chunk of request) size += chunk.length
    const { method, url: path, headers } = request
    heard = { method, path, size, length: headers['content-length'], authorization: headers.authorization, type: headers['content-type'] }
    response.writeHead(201).end()
  })
  await put(putting(url))
  const size = 4 * 64 * 1024
  assert.deepEqual(heard, {
    method: 'PUT',
    path: '/a/file?token=secret',
    size,
    length: String(size),
    authorization: 'Bearer x',
    type: 'image/png',
  })
  await put(putting(url, { count: 0 }))
  assert.deepEqual((heard as { size: number; length: string }).length, '0')
})

it('is refused where the service refuses it, breaks off or says nothing', async () => {
  const refusing = await serve((request, response) => void request.resume().once('end', () => response.writeHead(403).end('no')))
  assert.equal(await codeOf(put(putting(refusing))), 'upload-failed')
  const early = await serve((_request, response) => void response.writeHead(413, { connection: 'close' }).end())
  assert.equal(await codeOf(put(putting(early, { count: 500 }))), 'upload-failed')
  const cut = await serve((request) => void request.once('data', () => request.socket.destroy()))
  assert.equal(await codeOf(put(putting(cut, { count: 100 }))), 'upload-failed')
  const silent = await serve((request) => void request.resume())
  assert.equal(await codeOf(put(putting(silent))), 'upload-timeout')
})

it('goes to no private address, without TLS to none but a named one, and after no redirect', async () => {
  let asked = 0
  const inside = await serve((_request, response) => {
    asked += 1
    response.writeHead(201).end()
  })
  const away = await serve(
    (request, response) => void request.resume().once('end', () => response.writeHead(307, { location: inside }).end()),
  )
  assert.equal(await codeOf(put(putting(away))), 'upload-failed')
  const strict = createPut({ privateHosts: [], resolve: async () => ['127.0.0.1'] })
  for (const url of [
    inside,
    'https://127.0.0.1/x',
    'https://upload.example/x',
    'http://upload.example/x',
    'ftp://upload.example/x',
    'https://user@upload.example/x',
  ])
    assert.equal(await codeOf(strict(putting(url))), 'address-not-allowed', url)
  assert.equal(asked, 0)
})

it('ends with what its bytes end with, and when nobody waits for it any more', async () => {
  const url = await serve((request) => void request.resume())
  async function* late() {
    yield Buffer.alloc(10)
    throw new Problem('request-timeout', 'The body did not arrive in time.')
  }
  assert.equal(await codeOf(put(putting(url, { bytes: late() }))), 'request-timeout')
  const gone = new AbortController()
  const going = put(putting(url, { signal: gone.signal }))
  gone.abort()
  assert.equal(await codeOf(going), 'upload-failed')
})
