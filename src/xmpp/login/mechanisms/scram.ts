import { createHash, createHmac, hash as digest, randomBytes, timingSafeEqual } from 'node:crypto'
import { type ChannelBinding, type Credentials, type Mechanism, untrusted } from './mechanism.ts'
import { prepare } from './prepare.ts'

/** fewer make a stolen exchange cheap to guess from (RFC 5802 section 5.1) */
export const minIterations = 4096
/** more would keep a thread busy for the server's pleasure */
export const maxIterations = 1_000_000

const hashes = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const
export type ScramName = keyof typeof hashes

/**
 * SCRAM (RFC 5802, RFC 7677), with `binding` its -PLUS form. `supportsBinding`: without a binding, tells the server that we have one and
 * believe that it has none, so that it notices when its -PLUS offers were taken away on the way.
 * Throws xmpp-server-not-trusted for a nonce that is not ours, an iteration count out of bounds, a signature that is missing or wrong.
 */
export function scram(
  name: ScramName,
  credentials: Credentials,
  { binding, supportsBinding = false }: { binding?: ChannelBinding | undefined; supportsBinding?: boolean } = {},
): Mechanism {
  const algorithm = hashes[name]
  const nonce = credentials.nonce ?? randomBytes(24).toString('base64')
  const authorization = credentials.authorization === undefined ? '' : `a=${escaped(credentials.authorization)}`
  const header = `${binding === undefined ? (supportsBinding ? 'y' : 'n') : `p=${binding.type}`},${authorization},`
  const bound = Buffer.concat([Buffer.from(header), binding?.data ?? Buffer.alloc(0)]).toString('base64')
  let first = ''
  let expected: Buffer | undefined
  let proven = false

  const hmac = (key: Buffer, text: string) => createHmac(algorithm, key).update(text).digest()

  async function prove(challenge: string): Promise<Buffer> {
    const [, serverNonce = '', salt = '', count = ''] =
      /^r=([!-+\--~]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]*)(?:,|$)/.exec(challenge) ?? []
    if (!serverNonce.startsWith(nonce) || serverNonce.length === nonce.length)
      throw untrusted('The XMPP server answered a log-in that is not ours.')
    const iterations = Number(count)
    if (iterations < minIterations || iterations > maxIterations) {
      throw untrusted(`The XMPP server asked for ${count} SCRAM iterations; ${minIterations} to ${maxIterations} are accepted.`)
    }
    const password = await prepare(credentials.password)
    const salted = await credentials.derive({
      password,
      salt: Buffer.from(salt, 'base64'),
      iterations,
      length: digest(algorithm, '', 'buffer').length,
      algorithm,
    })
    const clientKey = hmac(salted, 'Client Key')
    const storedKey = createHash(algorithm).update(clientKey).digest()
    const final = `c=${bound},r=${serverNonce}`
    const message = `${first},${challenge},${final}`
    const signature = hmac(storedKey, message)
    expected = hmac(hmac(salted, 'Server Key'), message)
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)))
    return Buffer.from(`${final},p=${proof.toString('base64')}`)
  }

  function verify(text: string): void {
    const given = Buffer.from(/^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(text)?.[1] ?? '', 'base64')
    if (expected === undefined || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw untrusted('The XMPP server could not prove that it knows the account.')
    }
    proven = true
  }

  return {
    name: binding === undefined ? name : `${name}-PLUS`,
    async start() {
      first = `n=${escaped(credentials.username)},r=${nonce}`
      return Buffer.from(header + first)
    },
    async respond(challenge) {
      if (expected === undefined) return prove(challenge.toString())
      // the signature may also come as a challenge of its own, to be answered with nothing
      verify(challenge.toString())
      return Buffer.alloc(0)
    },
    finish(additional) {
      if (additional !== undefined && additional.length > 0) verify(additional.toString())
      if (!proven) throw untrusted('The XMPP server accepted the log-in without proving that it knows the account.')
    },
  }
}

export function isScram(name: string): name is ScramName {
  return Object.hasOwn(hashes, name)
}

function escaped(text: string): string {
  return text.replace(/[=,]/g, (character) => (character === '=' ? '=3D' : '=2C'))
}
