/** The server's side of SASL, for one account: right unless told to be wrong. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { TLSSocket } from 'node:tls'

export interface SaslServerOptions {
  password: string
  /** FAST tokens that are good now */
  tokens?: ReadonlySet<string>
  /** SCRAM iterations, also ones that no client should accept */
  iterations?: number
  /** the last proof is that of a server which does not know the password */
  forge?: boolean
  /** success without any proof */
  silent?: boolean
}

/** `done` with the data of `<success/>`, or a failure condition (RFC 6120 section 6.5). */
export type SaslStep = { challenge: Buffer } | { done: Buffer | undefined; username: string } | { failure: string }
/** One exchange: takes the client's messages, initial response first. */
export type SaslExchange = (message: Buffer) => SaslStep

const hashes: Record<string, string> = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' }
const refused: SaslStep = { failure: 'not-authorized' }

export function saslExchange(mechanism: string, socket: unknown, options: SaslServerOptions): SaslExchange | undefined {
  if (mechanism === 'PLAIN') return (message) => plain(message, options)
  if (mechanism === 'ANONYMOUS') return () => ({ done: undefined, username: `anonymous-${randomBytes(4).toString('hex')}` })
  if (mechanism.startsWith('HT-SHA-256-')) return (message) => hashedToken(mechanism, message, socket, options)
  const bound = mechanism.endsWith('-PLUS')
  const hash = hashes[bound ? mechanism.slice(0, -5) : mechanism]
  return hash === undefined ? undefined : scram(hash, bound ? socket : undefined, options)
}

function plain(message: Buffer, { password }: SaslServerOptions): SaslStep {
  const [, username = '', given] = message.toString().split('\0')
  return given === password ? { done: undefined, username } : refused
}

function hashedToken(
  mechanism: string,
  message: Buffer,
  socket: unknown,
  { tokens = new Set(), forge, silent }: SaslServerOptions,
): SaslStep {
  const end = message.indexOf(0)
  const type = mechanism.endsWith('EXPR') ? 'tls-exporter' : 'none'
  for (const token of tokens) {
    const proof = (who: string) => createHmac('sha256', token).update(who).update(bindingData(type, socket)).digest()
    const given = message.subarray(end + 1)
    if (given.length !== 32 || !timingSafeEqual(given, proof('Initiator'))) continue
    return { done: silent ? undefined : forge ? randomBytes(32) : proof('Responder'), username: message.toString('utf8', 0, end) }
  }
  return refused
}

function scram(hash: string, socket: unknown, options: SaslServerOptions): SaslExchange {
  const { password, iterations = 4096, forge = false, silent = false } = options
  const salt = randomBytes(16)
  const { length } = createHash(hash).digest()
  const hmac = (key: Buffer, data: string) => createHmac(hash, key).update(data).digest()
  let header = ''
  let clientFirst = ''
  let serverFirst = ''
  return (message) => {
    const said = message.toString()
    if (serverFirst === '') {
      ;[, header = '', clientFirst = ''] = /^([^,]*,[^,]*,)(.*)$/s.exec(said) ?? []
      serverFirst = `r=${/r=([^,]+)/.exec(clientFirst)?.[1]}server,s=${salt.toString('base64')},i=${iterations}`
      return { challenge: Buffer.from(serverFirst) }
    }
    const [, without = '', bound = '', given = ''] = /^(c=([^,]*),.*),p=([^,]*)$/s.exec(said) ?? []
    const type = /^p=([^,]*)/.exec(header)?.[1] ?? 'none'
    const expected = Buffer.concat([Buffer.from(header), bindingData(type, socket)])
    const exchange = `${clientFirst},${serverFirst},${without}`
    const salted = pbkdf2Sync(password, salt, iterations, length, hash)
    const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest()
    const signature = hmac(stored, exchange)
    const key = Buffer.from(given, 'base64').map((byte, index) => byte ^ (signature[index] as number))
    const proven = createHash(hash).update(key).digest().equals(stored) && Buffer.from(bound, 'base64').equals(expected)
    if (!proven) return refused
    const verifier = forge ? randomBytes(length) : hmac(hmac(salted, 'Server Key'), exchange)
    const username = (/n=([^,]*)/.exec(clientFirst)?.[1] ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')
    return { done: silent ? undefined : Buffer.from(`v=${verifier.toString('base64')}`), username }
  }
}

function bindingData(type: string, socket: unknown): Buffer {
  if (type === 'none' || !(socket instanceof TLSSocket)) return Buffer.alloc(0)
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}
