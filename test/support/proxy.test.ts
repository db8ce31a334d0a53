import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { type Link, startProxy, type TcpProxy } from './proxy.ts'

let server: Server
let proxy: TcpProxy
let accepted: Socket[] = []
const clients: Socket[] = []

beforeEach(async () => {
  accepted = []
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    accepted.push(socket)
    server.emit('accepted')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startProxy({ to: { port: (server.address() as AddressInfo).port } })
})

afterEach(async () => {
  await proxy.stop()
  for (const socket of [...clients.splice(0), ...accepted]) socket.destroy()
  server.close()
  await once(server, 'close')
})

async function open(): Promise<[client: Socket, peer: Socket]> {
  const arrived = once(server, 'accepted')
  const client = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true })
  client.on('error', () => undefined)
  clients.push(client)
  await arrived
  return [client, accepted.at(-1) as Socket]
}

/** resolves at its end, whatever that was */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** resolves with the chunks read when they are so many bytes together */
function read(socket: Socket, bytes: number): Promise<Buffer[]> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).length >= bytes) resolve(chunks)
    })
  })
}

test('bytes pass in both directions, and so does the end', async () => {
  const [client, peer] = await open()
  client.write('ping')
  assert.equal(String(Buffer.concat(await read(peer, 4))), 'ping')
  peer.write('pong')
  assert.equal(String(Buffer.concat(await read(client, 4))), 'pong')
  assert.deepEqual([proxy.connections, proxy.open], [1, 1])
  const ended = Promise.all([once(peer, 'end'), once(client, 'close')])
  client.end()
  await ended
})

test('a megabyte passes unchanged, sliced too', async () => {
  for (const size of [0, 1000]) {
    proxy.slice(size)
    const [client, peer] = await open()
    const sent = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, index) => index % 251))
    const arrived = read(peer, sent.length)
    client.write(sent)
    assert.ok(Buffer.concat(await arrived).equals(sent))
  }
})

test('slices arrive one by one', async () => {
  const [client, peer] = await open()
  proxy.slice(1)
  const arrived = read(peer, 20)
  client.write('x'.repeat(20))
  assert.ok((await arrived).length > 10)
})

test('a cut is heard by both sides as a reset', async () => {
  const [client, peer] = await open()
  const heard = Promise.all([closed(client), closed(peer)])
  proxy.cut()
  await heard
  assert.equal(proxy.open, 0)
})

test('a cut after some bytes lets those pass', async () => {
  const [client, peer] = await open()
  proxy.cutAfter(5)
  const gone = closed(client)
  const arrived = read(peer, 5)
  const ended = once(peer, 'end')
  client.write('123456789')
  assert.equal(String(Buffer.concat(await arrived)), '12345')
  await Promise.all([gone, ended])
  const [, other] = await open().then(([next, far]) => {
    next.write('123456789')
    return [next, far] as const
  })
  assert.equal(String(Buffer.concat(await read(other, 9))), '123456789')
})

test('a black hole passes nothing and closes nothing, until it is over', async () => {
  const [client, peer] = await open()
  proxy.blackhole(true)
  client.write('held')
  peer.end('last')
  let heard = false
  client.once('data', () => {
    heard = true
  })
  peer.once('data', () => {
    heard = true
  })
  // what is to be shown is that nothing comes: a second connection passes no sooner
  const [other] = await open()
  other.write('x')
  await new Promise(setImmediate)
  assert.equal(heard, false)
  assert.equal(client.readableEnded, false)
  const arrived = Promise.all([read(peer, 4), read(client, 4), once(client, 'end')])
  proxy.blackhole(false)
  const [up, down] = await arrived
  assert.equal(String(Buffer.concat(up)), 'held')
  assert.equal(String(Buffer.concat(down)), 'last')
})

test('what is late keeps its order, and what is not overtakes it on another connection', async () => {
  const [one, far] = await open()
  const [two, other] = await open()
  const order: string[] = []
  other.once('data', () => order.push('two'))
  far.once('data', () => order.push('one'))
  const arrived = read(far, 6)
  proxy.latency(100)
  one.write('123')
  // the proxy has it when this byte, sent after it, has come through
  const [third, last] = await open()
  proxy.latency(0)
  third.write('x')
  await read(last, 1)
  one.write('456')
  two.write('x')
  assert.equal(String(Buffer.concat(await arrived)), '123456')
  assert.deepEqual(order, ['two', 'one'])
})

test('refused connections are reset, later ones pass', async () => {
  proxy.refuse(true)
  const client = connect({ port: proxy.port, host: '127.0.0.1' })
  client.on('error', () => undefined)
  await closed(client)
  proxy.refuse(false)
  await open()
  assert.equal(proxy.connections, 1)
})

test('of each connection it is known when it was made and ended, and when its client last said something that the server could hear', async () => {
  const began = performance.now()
  const [first, peer] = await open()
  const words = 'x'.repeat(40)
  const said = read(peer, words.length)
  first.write(words)
  await said
  const [second] = await open()
  const [one, two] = proxy.history as [Link, Link]
  assert.ok(began <= one.opened && one.opened <= one.spoke && one.spoke <= two.opened)
  assert.deepEqual([one.closed, two.closed], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  const before = one.spoke
  const ended = once(first, 'end')
  first.resume()
  peer.end()
  await ended
  first.write(words)
  second.write(words)
  await read(accepted.at(-1) as Socket, words.length)
  assert.equal(one.spoke, before)
  assert.ok(one.closed >= two.opened && one.closed <= performance.now())
  const gone = closed(accepted.at(-1) as Socket)
  second.destroy()
  await gone
  assert.ok(two.spoke >= one.closed && two.closed >= two.spoke && two.closed <= performance.now())
})
