/** JWTs of an issuer on this machine. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { createVerifyJwt, type VerifyJwt } from '../../src/api/jwt.ts'

const issuer = 'https://issuer.example/'
const audience = 'stanzagate'
const claims = { tenant: 'main', scope: 'openid messages:write events:read', sub: 'user 1' }

describe('a JWT', () => {
  let server: Server
  let verify: VerifyJwt
  let published: JWK[] = []
  let asked = 0
  let status = 200
  let time = 0
  let keys: Awaited<ReturnType<typeof generateKeyPair>>

  async function publish(kid: string): Promise<CryptoKey> {
    keys = await generateKeyPair('ES256', { extractable: true })
    published = [{ ...(await exportJWK(keys.publicKey)), kid, alg: 'ES256' }]
    return keys.privateKey
  }
  const createVerify = () => {
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
    return createVerifyJwt({ issuer, audience, jwksUrl }, { clock: { now: Date.now, monotonic: () => time } })
  }
  const token = (more: object = {}, kid = 'one') =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', kid }).setIssuer(issuer).setAudience(audience)
  const signed = (jwt = token().setExpirationTime('1m')) => jwt.sign(keys.privateKey)
  const refused = (text: string) => assert.rejects(verify(text), { code: 'unauthorized' })

  before(async () => {
    server = createServer((_, response) => {
      asked += 1
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await publish('one')
    verify = createVerify()
  })
  after(() => server.close())

  it('says tenant, scopes and session; scopes of others are left out', async () => {
    const { until, ...told } = await verify(await signed(token({ session: 'romeo@a.example' }).setExpirationTime('1m')))
    assert.deepEqual(told, { tenant: 'main', scopes: ['messages:write', 'events:read'], session: 'romeo@a.example', subject: 'user 1' })
    assert.ok(Math.abs(until - Date.now() - 60_000) < 5_000)
    assert.deepEqual((await verify(await signed(token({ scope: ['roster:read'] }).setExpirationTime('1m')))).scopes, ['roster:read'])
  })

  it('is good for 60 s beyond its end, and for no other issuer and audience', async () => {
    const ended = (seconds: number) => token().setExpirationTime(Math.floor(Date.now() / 1000) - seconds)
    await verify(await signed(ended(30)))
    await refused(await signed(ended(90)))
    await refused(await signed(token()))
    await refused(await signed(token().setExpirationTime('1m').setIssuer('https://other.example/')))
    await refused(await signed(token().setExpirationTime('1m').setAudience('other')))
    await refused(await signed(token({ tenant: 'a b' }).setExpirationTime('1m')))
    await refused(await signed(token({ tenant: undefined }).setExpirationTime('1m')))
  })

  it('is refused where it is signed by nobody, by a shared secret, or by another key', async () => {
    await refused(new UnsecuredJWT(claims).setIssuer(issuer).setAudience(audience).setExpirationTime('1m').encode())
    // what everybody knows as a shared secret
    const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey))
    const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).setIssuer(issuer).setAudience(audience)
    await refused(await confused.setExpirationTime('1m').sign(secret))
    const other = await generateKeyPair('ES256')
    await refused(await token().setExpirationTime('1m').sign(other.privateKey))
    const [head, , signature] = (await signed()).split('.')
    const body = Buffer.from(JSON.stringify({ ...claims, tenant: 'second' })).toString('base64url')
    await refused(`${head}.${body}.${signature}`)
  })

  it('of a new key is taken at once, and unknown keys are asked for once in a while', async () => {
    verify = createVerify()
    await verify(await signed())
    const before = asked
    await publish('two')
    await verify(await token({}, 'two').setExpirationTime('1m').sign(keys.privateKey))
    assert.equal(asked, before + 1)
    await publish('three')
    const third = await token({}, 'three').setExpirationTime('1m').sign(keys.privateKey)
    for (let n = 0; n < 5; n += 1) await refused(third)
    assert.equal(asked, before + 1)
    time += 30_000
    await verify(third)
  })

  it('is refused for now while the issuer cannot be asked', async () => {
    status = 500
    await assert.rejects(createVerify()(await signed()), { code: 'issuer-unavailable', status: 503 })
    status = 200
  })
})
