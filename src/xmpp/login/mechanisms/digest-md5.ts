import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Credentials, type Mechanism, untrusted } from './mechanism.ts'

/** bytes of a challenge (RFC 2831 section 2.1.1) */
const CHALLENGE_MAX = 2048

/**
 * DIGEST-MD5 (RFC 2831), for servers that have nothing better: RFC 6331 says why nobody should use it. Quality of protection `auth` only.
 * Throws xmpp-server-not-trusted for a challenge that is none, and without the server's own proof (`rspauth`).
 */
export function digestMd5({ username, password, domain, authorization, nonce }: Credentials): Mechanism {
  const cnonce = nonce ?? randomBytes(24).toString('base64')
  let expected: string | undefined
  let proven = false

  function answer(challenge: Buffer): Buffer {
    if (challenge.length > CHALLENGE_MAX) throw untrusted('The XMPP server sent a DIGEST-MD5 challenge that is too long.')
    const given = parse(challenge.toString())
    const serverNonce = given.get('nonce')
    const offered = (given.get('qop') ?? 'auth').split(/[ ,]+/)
    if (serverNonce === undefined || given.get('algorithm') !== 'md5-sess' || !offered.includes('auth')) {
      throw untrusted('The XMPP server sent a DIGEST-MD5 challenge that is not valid.')
    }
    const realm = given.get('realm') ?? domain
    const uri = `xmpp/${domain}`
    const user = createHash('md5')
      .update(bytes(`${username}:${realm}:${password}`))
      .digest()
    const who = authorization === undefined ? '' : `:${authorization}`
    const session = createHash('md5').update(user).update(`:${serverNonce}:${cnonce}${who}`).digest('hex')
    const proof = (method: string) => md5(`${session}:${serverNonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`)
    expected = proof('')
    const fields = [
      'charset=utf-8',
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(serverNonce)}`,
      'nc=00000001',
      `cnonce=${quote(cnonce)}`,
      `digest-uri=${quote(uri)}`,
      'qop=auth',
      `response=${proof('AUTHENTICATE')}`,
      ...(authorization === undefined ? [] : [`authzid=${quote(authorization)}`]),
    ]
    return Buffer.from(fields.join(','))
  }

  function verify(text: Buffer): void {
    const given = Buffer.from(parse(text.toString()).get('rspauth') ?? '')
    if (expected === undefined || given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
      throw untrusted('The XMPP server could not prove that it knows the account.')
    }
    proven = true
  }

  return {
    name: 'DIGEST-MD5',
    start: async () => undefined,
    async respond(challenge) {
      if (expected === undefined) return answer(challenge)
      verify(challenge)
      return Buffer.alloc(0)
    },
    finish(additional) {
      if (additional !== undefined && additional.length > 0) verify(additional)
      if (!proven) throw untrusted('The XMPP server accepted the log-in without proving that it knows the account.')
    },
  }
}

/** `key=value,key="quoted \" value"`, read from the start to the first that is none; of a key that is there twice the first counts. */
function parse(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [, key = '', quoted, bare] of text.matchAll(/[\s,]*([a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/giy)) {
    const name = key.toLowerCase()
    if (!fields.has(name)) fields.set(name, quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'))
  }
  return fields
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** What fits into ISO 8859-1 is hashed as that, everything else as UTF-8 (RFC 2831 section 2.1.2.1). */
function bytes(text: string): Buffer {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : Buffer.from(text)
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
