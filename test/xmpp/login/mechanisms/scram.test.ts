import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '../../../../src/errors/problem.ts'
import { createPlaces } from '../../../../src/fair/places.ts'
import { createDerivations } from '../../../../src/xmpp/login/mechanisms/derivation.ts'
import type { Credentials } from '../../../../src/xmpp/login/mechanisms/mechanism.ts'
import { prepare } from '../../../../src/xmpp/login/mechanisms/prepare.ts'
import { maxIterations, minIterations, type ScramName, scram } from '../../../../src/xmpp/login/mechanisms/scram.ts'

const bytes = (text: string) => Buffer.from(text)
const untrusted = (error: unknown) => error instanceof Problem && error.code === 'xmpp-server-not-trusted'
const derive = createDerivations(createPlaces({ most: 2, each: 2 }))('main', new AbortController().signal)
const user: Credentials = { username: 'user', password: 'pencil', domain: 'example.com', derive }

const vectors: { name: ScramName; source: string; nonce: string; serverFirst: string; clientFinal: string; serverFinal: string }[] = [
  {
    name: 'SCRAM-SHA-1',
    source: 'RFC 5802 section 5',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    name: 'SCRAM-SHA-256',
    source: 'RFC 7677 section 3',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
]

for (const { name, source, nonce, serverFirst, clientFinal, serverFinal } of vectors) {
  test(`${name} is the exchange of ${source}`, async () => {
    const run = scram(name, { ...user, nonce })
    assert.equal(run.name, name)
    assert.equal(String(await run.start()), `n,,n=user,r=${nonce}`)
    assert.equal(String(await run.respond(bytes(serverFirst))), clientFinal)
    run.finish(bytes(serverFinal))
  })
}

/** The server's half (RFC 5802 section 3), to try what no vector has. */
function serverSide(hash: string, password: string, clientFirst: string, iterations = 4096) {
  const [, header = '', bare = '', nonce = ''] = /^([^,]*,[^,]*,)(n=.*,r=(.*))$/s.exec(clientFirst) ?? []
  const salt = bytes('salt of the server')
  const first = `r=${nonce}server,s=${salt.toString('base64')},i=${iterations}`
  const salted = pbkdf2Sync(password, salt, iterations, createHash(hash).digest().length, hash)
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  return {
    first,
    header,
    bare,
    finish(clientFinal: string): string {
      const [, without = '', proof = ''] = /^(.*),p=(.*)$/s.exec(clientFinal) ?? []
      const message = `${bare},${first},${without}`
      const clientKey = hmac(salted, 'Client Key')
      const signature = hmac(createHash(hash).update(clientKey).digest(), message)
      assert.equal(proof, Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number))).toString('base64'))
      return `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`
    },
  }
}

async function exchange(run: ReturnType<typeof scram>, hash: string, password: string) {
  const server = serverSide(hash, password, String(await run.start()))
  const final = String(await run.respond(bytes(server.first)))
  return { server, final, verdict: server.finish(final) }
}

test('SCRAM-SHA-512 is proved in both directions', async () => {
  const run = scram('SCRAM-SHA-512', user)
  const { verdict } = await exchange(run, 'sha512', 'pencil')
  run.finish(bytes(verdict))
})

test('a name with "=" and "," and letters beyond ASCII is written as RFC 5802 says, a password prepared by SASLprep', async () => {
  const run = scram('SCRAM-SHA-256', { ...user, username: 'a=b,c é', password: 'I\u00adX\u00a0ª' })
  const { server, verdict } = await exchange(run, 'sha256', 'IX a')
  assert.match(server.bare, /^n=a=3Db=2Cc é,r=/)
  run.finish(bytes(verdict))
})

test('SASLprep: the examples of RFC 4013 section 3, and what it forbids stays as it is', async () => {
  assert.equal(await prepare('I\u00adX'), 'IX')
  assert.equal(await prepare('USER'), 'USER')
  assert.equal(await prepare('\u00aa'), 'a')
  assert.equal(await prepare('\u2168'), 'IX')
  assert.equal(await prepare('\u0007'), '\u0007')
  assert.equal(await prepare('\u0627\u0031'), '\u0627\u0031')
  assert.equal(await prepare('correct horse 🐎'), 'correct horse 🐎')
})

test('-PLUS proves the channel, and without it the server is told what we believe', async () => {
  const data = bytes('exported keying material')
  const plus = scram('SCRAM-SHA-1', user, { binding: { type: 'tls-exporter', data } })
  assert.equal(plus.name, 'SCRAM-SHA-1-PLUS')
  const { server, final, verdict } = await exchange(plus, 'sha1', 'pencil')
  assert.equal(server.header, 'p=tls-exporter,,')
  const [, bound = ''] = /^c=([^,]*),/.exec(final) ?? []
  assert.deepEqual(Buffer.from(bound, 'base64'), Buffer.concat([bytes('p=tls-exporter,,'), data]))
  plus.finish(bytes(verdict))

  const believes = scram('SCRAM-SHA-1', user, { supportsBinding: true })
  const answered = await exchange(believes, 'sha1', 'pencil')
  assert.equal(answered.server.header, 'y,,')
  assert.match(answered.final, new RegExp(`^c=${bytes('y,,').toString('base64')},`))
})

test('acting for another account is part of what is proved', async () => {
  const run = scram('SCRAM-SHA-1', { ...user, authorization: 'other@example.com' })
  const { server, final } = await exchange(run, 'sha1', 'pencil')
  assert.equal(server.header, 'n,a=other@example.com,')
  assert.match(final, new RegExp(`^c=${bytes('n,a=other@example.com,').toString('base64')},`))
})

test('a server without the right signature is not trusted, wherever it says what', async () => {
  for (const forged of ['v=AAAA', 'v=', 'v=rmF9pqV8S7suAoZWja4dJRkFsKR=', 'e=other-error', '', 'garbage']) {
    const run = scram('SCRAM-SHA-1', user)
    await exchange(run, 'sha1', 'pencil')
    assert.throws(() => run.finish(bytes(forged)), untrusted, forged)
    await assert.rejects(run.respond(bytes(forged)), untrusted, forged)
    assert.throws(() => run.finish(undefined), untrusted)
  }
  const early = scram('SCRAM-SHA-1', user)
  await early.start()
  assert.throws(() => early.finish(undefined), untrusted)
  assert.throws(() => early.finish(bytes('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=')), untrusted)
  const other = scram('SCRAM-SHA-1', user)
  const { verdict } = await exchange(scram('SCRAM-SHA-1', user), 'sha1', 'pencil')
  await exchange(other, 'sha1', 'pencil')
  assert.throws(() => other.finish(bytes(verdict)), untrusted)
})

test('a signature that comes as a challenge is answered with nothing', async () => {
  const run = scram('SCRAM-SHA-1', user)
  const { verdict } = await exchange(run, 'sha1', 'pencil')
  assert.equal((await run.respond(bytes(verdict))).length, 0)
  run.finish(undefined)
})

test('iterations out of bounds, foreign nonces and broken challenges are refused before anything is computed', async () => {
  const nonce = 'abc'
  const refused = [
    `r=abcd,s=QSXCR+Q6sek8bf92,i=${minIterations - 1}`,
    `r=abcd,s=QSXCR+Q6sek8bf92,i=${maxIterations + 1}`,
    'r=abcd,s=QSXCR+Q6sek8bf92,i=1000000000',
    'r=abcd,s=QSXCR+Q6sek8bf92,i=99999999999999999999999',
    'r=abcd,s=QSXCR+Q6sek8bf92,i=0',
    'r=abcd,s=QSXCR+Q6sek8bf92,i=-4096',
    'r=abcd,s=QSXCR+Q6sek8bf92,i=4096x',
    'r=abcd,s=QSXCR+Q6sek8bf92',
    'r=abc,s=QSXCR+Q6sek8bf92,i=4096',
    'r=xbc,s=QSXCR+Q6sek8bf92,i=4096',
    'r=,s=QSXCR+Q6sek8bf92,i=4096',
    'r=abcd,s=,i=4096',
    'r=abcd,s=?,i=4096',
    'm=ext,r=abcd,s=QSXCR+Q6sek8bf92,i=4096',
    's=QSXCR+Q6sek8bf92,r=abcd,i=4096',
    'e=unknown-user',
    '',
  ]
  for (const challenge of refused) {
    const run = scram('SCRAM-SHA-1', { ...user, nonce })
    await run.start()
    await assert.rejects(run.respond(bytes(challenge)), untrusted, challenge)
  }
  const within = scram('SCRAM-SHA-1', { ...user, nonce })
  await within.start()
  assert.match(String(await within.respond(bytes(`r=abcd,s=QSXCR+Q6sek8bf92,i=${minIterations},x=later`))), /^c=biws,r=abcd,p=/)
})

test('each run has a nonce of its own', async () => {
  const seen = new Set<string>()
  for (let count = 0; count < 100; count += 1) seen.add(String(await scram('SCRAM-SHA-1', user).start()))
  assert.equal(seen.size, 100)
})
