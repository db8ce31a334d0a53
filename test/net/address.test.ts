import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { Problem } from '../../src/errors/problem.ts'
import { checkHost, isPublic, lookupPinned, normalHost, pinnedLookup } from '../../src/net/address.ts'

const policy = { privateHosts: new Set<string>(), variable: 'XMPP_PRIVATE_HOSTS' }
const refused = (error: unknown) =>
  error instanceof Problem &&
  error.code === 'address-not-allowed' &&
  (error.message.includes('XMPP_PRIVATE_HOSTS') || /not a name/.test(error.message))

const inside = [
  '127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254',
  '100.64.0.1', '100.127.255.255', '192.0.0.8', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '192.88.99.1', '224.0.0.1',
  '240.0.0.1', '255.255.255.255',
  '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1',
  '64:ff9b::8.8.8.8', '64:ff9b:1::1', '2002:7f00:1::', '2002:808:808::1', '2001::1', '2001:db8::1', '3fff::1', 'fc00::1', 'fd00::1', 'fe80::1', 'fec0::1',
  'ff02::1', '100::1', '4000::1', '5f00::1',
] // biome-ignore format: a table

const spellings = [
  '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '017700000001', '127.1', '127.0.1', '127.0.0.1.', '１２７.0.0.1', '①②⑦.0.0.1', '127。0。0。1',
  '[::1]', '[::ffff:127.0.0.1]', '[0:0:0:0:0:ffff:7f00:1]', '0', '0x0', '0xa9fea9fe', '[::ffff:0xa9.0xfe.0xa9.0xfe]', '::1', '[fe80::1%25eth0]',
  'fe80::1%eth0', '%31%32%37.0.0.1', '127.0.0.1/x', 'a@127.0.0.1', '127.0.0.1#', '', '.', '[', '[]', '1.2.3.256', '*',
] // biome-ignore format: a table

const outside = [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
]

test('only addresses of the public internet are public', () => {
  for (const address of inside) assert.equal(isPublic(address), false, address)
  for (const address of outside) assert.equal(isPublic(address), true, address)
  for (const text of ['localhost', '127.1', '0x7f.1', '', '1.1.1.1 ', '[::1]']) assert.equal(isPublic(text), false, text)
})

test('a literal is refused however it is spelled, and the problem names the variable to set', () => {
  for (const host of [...inside, ...spellings]) assert.throws(() => checkHost(host, policy), refused, host)
  for (const host of outside) assert.equal(checkHost(host, policy), host.replace('::ffff:', ''))
})

test('a host has one spelling', () => {
  assert.equal(normalHost('XMPP.Example.NET.'), 'xmpp.example.net')
  assert.equal(normalHost('münchen.de'), 'xn--mnchen-3ya.de')
  assert.equal(normalHost('my_server'), 'my_server')
  assert.equal(normalHost('[2001:DB8::0:1]'), '2001:db8::1')
  assert.equal(normalHost('0x7f.1'), '127.0.0.1')
  assert.equal(normalHost('[::ffff:127.0.0.1]'), '127.0.0.1')
  assert.equal(normalHost('a b'), undefined)
})

test('a named host may have any address, by name or by literal, and no other', async () => {
  const named = { ...policy, privateHosts: new Set(['127.0.0.1', 'prosody']) }
  assert.equal(checkHost('127.1', named), '127.0.0.1')
  assert.throws(() => checkHost('127.0.0.2', named), refused)
  const resolve = async () => ['10.0.0.5']
  assert.deepEqual(await lookupPinned('PROSODY.', { ...named, resolve }), [{ address: '10.0.0.5', family: 4 }])
  await assert.rejects(lookupPinned('prosody.evil.example', { ...named, resolve }), refused)
  await assert.rejects(lookupPinned('localhost', { ...named, resolve: async () => ['127.0.0.1'] }), refused)
})

test('every address of a name is checked, and only those that passed are answered', async () => {
  const resolve = async () => ['10.0.0.1', '1.1.1.1', '::1', '64:ff9b::a00:1', '2606:4700::1', 'nonsense']
  assert.deepEqual(await lookupPinned('mixed.example', { ...policy, resolve }), [
    { address: '1.1.1.1', family: 4 },
    { address: '2606:4700::1', family: 6 },
  ])
  for (const address of inside) await assert.rejects(lookupPinned('inside.example', { ...policy, resolve: async () => [address] }), refused)
  await assert.rejects(lookupPinned('none.example', { ...policy, resolve: async () => [] }), refused)
  const failure = new Error('SERVFAIL')
  await assert.rejects(lookupPinned('broken.example', { ...policy, resolve: () => Promise.reject(failure) }), failure)
})

test('rebinding: each connection dials what was checked for it', async () => {
  const server = createServer((socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let asked = 0
  const resolve = async () => {
    asked += 1
    return asked === 1 ? ['8.8.8.8'] : ['127.0.0.1']
  }
  try {
    assert.deepEqual(await lookupPinned('rebind.example', { ...policy, resolve }), [{ address: '8.8.8.8', family: 4 }])
    const socket = connect({ host: 'rebind.example', port, lookup: pinnedLookup({ ...policy, resolve }) })
    const [error] = await once(socket, 'error')
    assert.ok(refused(error))

    const named = { ...policy, privateHosts: new Set(['inside.example']), resolve: async () => ['127.0.0.1'] }
    const other = connect({ host: 'inside.example', port, lookup: pinnedLookup(named) })
    const [data] = await once(other, 'data')
    assert.equal(String(data), 'hello')
    assert.equal(other.remoteAddress, '127.0.0.1')
    other.destroy()
  } finally {
    server.close()
  }
})
