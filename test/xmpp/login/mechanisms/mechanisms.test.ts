import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '../../../../src/errors/problem.ts'
import { createPlaces } from '../../../../src/fair/places.ts'
import { chooseMechanism } from '../../../../src/xmpp/login/mechanisms/choose.ts'
import { createDerivations } from '../../../../src/xmpp/login/mechanisms/derivation.ts'
import { digestMd5 } from '../../../../src/xmpp/login/mechanisms/digest-md5.ts'
import { hashedToken, tokenMechanisms } from '../../../../src/xmpp/login/mechanisms/hashed-token.ts'
import type { ChannelBinding, Credentials, Mechanism } from '../../../../src/xmpp/login/mechanisms/mechanism.ts'
import { anonymous, external, plain } from '../../../../src/xmpp/login/mechanisms/plain.ts'

const bytes = (text: string) => Buffer.from(text)
const problem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code
const untrusted = problem('xmpp-server-not-trusted')
const derive = createDerivations(createPlaces({ most: 2, each: 2 }))('main', new AbortController().signal)
const user: Credentials = { username: 'juliet', password: 'r0m30myr0m30', domain: 'example.com', derive }
const exporter: ChannelBinding = { type: 'tls-exporter', data: bytes('exported') }
const endPoint: ChannelBinding = { type: 'tls-server-end-point', data: bytes('certificate') }

test('PLAIN, ANONYMOUS and EXTERNAL say all in one message', async () => {
  assert.equal(String(await plain({ ...user, username: 'jüliet' }).start()), '\0jüliet\0r0m30myr0m30')
  assert.equal(String(await plain({ ...user, authorization: 'a@b' }).start()), 'a@b\0juliet\0r0m30myr0m30')
  assert.equal((await anonymous().start())?.length, 0)
  assert.equal(String(await external({ ...user, authorization: 'a@b' }).start()), 'a@b')
  assert.equal(String(await plain(user).respond(bytes(''))), '\0juliet\0r0m30myr0m30')
  plain(user).finish(undefined)
})

test('HT: both sides prove the token, bound to the channel where it can be', async () => {
  assert.deepEqual(tokenMechanisms([exporter, endPoint]), ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', 'HT-SHA-256-NONE'])
  assert.deepEqual(tokenMechanisms([]), ['HT-SHA-256-NONE'])
  for (const [name, data] of [
    ['HT-SHA-256-NONE', ''],
    ['HT-SHA-256-EXPR', 'exported'],
    ['HT-SHA-256-ENDP', 'certificate'],
  ] as const) {
    const run = hashedToken(name, { ...user, password: 'token' }, [exporter, endPoint]) as Mechanism
    const proof = (who: string) =>
      createHmac('sha256', 'token')
        .update(who + data)
        .digest()
    assert.deepEqual(await run.start(), Buffer.concat([bytes('juliet\0'), proof('Initiator')]))
    run.finish(proof('Responder'))
    for (const forged of [undefined, Buffer.alloc(0), Buffer.alloc(32), proof('Initiator')])
      assert.throws(() => run.finish(forged), untrusted)
  }
  assert.equal(hashedToken('HT-SHA-256-EXPR', user, []), undefined)
  assert.equal(hashedToken('HT-SHA-256-UNIQ', user, [exporter]), undefined)
  assert.equal(hashedToken('__proto__', user, [exporter]), undefined)
})

test('DIGEST-MD5 is the exchange of RFC 2831 section 4, but for the service', async () => {
  // the RFC's example is for imap/elwood.innosoft.com; the response for xmpp/ was computed from its formulas
  const run = digestMd5({ username: 'chris', password: 'secret', domain: 'elwood.innosoft.com', derive, nonce: 'OA6MHXh6VqTrRk' })
  assert.equal(await run.start(), undefined)
  const challenge = 'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8'
  const answer = String(await run.respond(bytes(challenge)))
  assert.match(answer, /username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk"/)
  assert.match(answer, /digest-uri="xmpp\/elwood.innosoft.com",qop=auth,response=[0-9a-f]{32}$/)
  const { createHash } = await import('node:crypto')
  const md5 = (data: string | Buffer) => createHash('md5').update(data)
  const session = md5(Buffer.concat([md5('chris:elwood.innosoft.com:secret').digest(), bytes(':OA6MG9tEQGm2hh:OA6MHXh6VqTrRk')])).digest(
    'hex',
  )
  const proof = (method: string, uri: string) =>
    md5(`${session}:OA6MG9tEQGm2hh:00000001:OA6MHXh6VqTrRk:auth:${md5(`${method}:${uri}`).digest('hex')}`).digest('hex')
  // the same formulas give the RFC's own values for its own service
  assert.equal(proof('AUTHENTICATE', 'imap/elwood.innosoft.com'), 'd388dad90d4bbd760a152321f2143af7')
  assert.equal(proof('', 'imap/elwood.innosoft.com'), 'ea40f60335c427b5527b84dbabcdfffd')
  assert.ok(answer.endsWith(`response=${proof('AUTHENTICATE', 'xmpp/elwood.innosoft.com')}`))
  assert.throws(() => run.finish(undefined), untrusted)
  await assert.rejects(run.respond(bytes('rspauth=ea40f60335c427b5527b84dbabcdfffd')), untrusted)
  assert.equal((await run.respond(bytes(`rspauth=${proof('', 'xmpp/elwood.innosoft.com')}`))).length, 0)
  run.finish(undefined)
})

test('DIGEST-MD5 refuses challenges that are none, and quotes what must be', async () => {
  for (const challenge of [
    '',
    'nonce="x"',
    'algorithm=md5-sess',
    'nonce="x",algorithm=md5',
    'nonce="x",algorithm=md5-sess,qop="auth-conf"',
  ]) {
    await assert.rejects(digestMd5(user).respond(bytes(challenge)), untrusted, challenge)
  }
  const answer = String(await digestMd5({ ...user, username: 'a"b\\' }).respond(bytes('nonce="x\\"y",algorithm=md5-sess')))
  assert.match(answer, /username="a\\"b\\\\",realm="example.com",nonce="x\\"y"/)
})

test('a DIGEST-MD5 challenge has at most 2,048 bytes, and ends where it is none', async () => {
  const challenge = (length: number) => bytes('nonce="x", algorithm=md5-sess,realm="'.padEnd(length - 1, 'r').concat('"'))
  assert.match(String(await digestMd5(user).respond(challenge(2048))), /nonce="x"/)
  await assert.rejects(digestMd5(user).respond(challenge(2049)), untrusted)
  await assert.rejects(digestMd5(user).respond(bytes('algorithm=md5-sess,?nonce="x"')), untrusted)
})

const every = [
  'SCRAM-SHA-1',
  'SCRAM-SHA-1-PLUS',
  'SCRAM-SHA-256',
  'SCRAM-SHA-256-PLUS',
  'SCRAM-SHA-512',
  'SCRAM-SHA-512-PLUS',
  'PLAIN',
  'DIGEST-MD5',
  'ANONYMOUS',
  'EXTERNAL',
  'X-UNKNOWN',
]
const policy = {
  secure: true,
  allowPlain: true,
  channelBinding: [exporter, endPoint],
  offeredBindings: ['tls-unique', 'tls-exporter', 'tls-server-end-point'],
}

test('the best mechanism on offer is chosen', () => {
  const name = (offered: readonly string[], changes = {}) => chooseMechanism(offered, { ...policy, ...changes }).name
  assert.equal(name(every), 'SCRAM-SHA-512-PLUS')
  assert.equal(name(every, { channelBinding: [] }), 'SCRAM-SHA-512')
  assert.equal(name(every, { offeredBindings: undefined }), 'SCRAM-SHA-512')
  assert.equal(name(['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256']), 'SCRAM-SHA-1-PLUS')
  assert.equal(name(['PLAIN', 'SCRAM-SHA-1']), 'SCRAM-SHA-1')
  assert.equal(name(['PLAIN', 'DIGEST-MD5']), 'PLAIN')
  assert.equal(name(['PLAIN', 'DIGEST-MD5'], { optIn: ['DIGEST-MD5'] }), 'DIGEST-MD5')
  assert.equal(name(every, { optIn: ['DIGEST-MD5'] }), 'SCRAM-SHA-512-PLUS')
  assert.equal(name(every, { optIn: ['ANONYMOUS'] }), 'ANONYMOUS')
  assert.equal(name(every, { optIn: ['EXTERNAL'] }), 'EXTERNAL')
})

test('where nothing on offer is allowed the log-in ends with what was offered', () => {
  const refused = (offered: readonly string[], changes = {}) =>
    assert.throws(() => chooseMechanism(offered, { ...policy, ...changes }), problem('xmpp-authentication-failed'))
  refused(['PLAIN'], { secure: false })
  refused(['PLAIN'], { allowPlain: false })
  refused(['DIGEST-MD5', 'ANONYMOUS', 'EXTERNAL', 'X-UNKNOWN', 'SCRAM-MD5', '__proto__'])
  refused(['EXTERNAL'], { secure: false, optIn: ['EXTERNAL'] })
  refused([])
  assert.throws(() => chooseMechanism(['X-<evil>\n', 'GSSAPI'], policy), /offers GSSAPI\.$/)
})

test('SCRAM tells the server whether its -PLUS offers were seen', async () => {
  const header = async (offered: readonly string[], changes = {}) => {
    const run = chooseMechanism(offered, { ...policy, ...changes }).create(user)
    return String(await run.start()).split(',')[0]
  }
  assert.equal(await header(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']), 'p=tls-exporter')
  assert.equal(
    await header(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], { offeredBindings: ['tls-server-end-point'] }),
    'p=tls-server-end-point',
  )
  assert.equal(await header(['SCRAM-SHA-256']), 'y')
  assert.equal(await header(['SCRAM-SHA-256'], { channelBinding: [] }), 'n')
  assert.equal(await header(['SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS'], { offeredBindings: ['tls-unique'] }), 'n')
})
