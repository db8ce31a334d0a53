import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { SaslFactory } from '@xmpp/client'
import type { Channel } from './channel.ts'
import { failure } from './failure.ts'

/** One run of a mechanism; what goes in and out is a string of bytes, as @xmpp/client encodes it. */
export interface Exchange {
  readonly name: string
  response(credentials: { username: string; password: string }): Promise<string> | string
  challenge(data: string): Promise<void> | void
  /** the server's last word, in `<success/>` */
  final(data: string): void
  /** the server has proved itself, or the mechanism has no such proof */
  readonly proven: boolean
}

export type MakeExchange = () => Exchange

/** Mechanisms for a channel, the strongest first. */
export function mechanisms(channel: Channel): [name: string, make: MakeExchange][] {
  const offered: [string, MakeExchange][] = [['SCRAM-SHA-1', scramSha1]]
  if (channel.secure) offered.push(['PLAIN', plain])
  return offered
}

/** Mechanisms for a FAST token (XEP-0484), bound to the channel where it can be. */
export function tokenMechanisms(channel: Channel): [name: string, make: MakeExchange][] {
  if (!channel.secure) return []
  return [['HT-SHA-256-NONE', () => hashedToken('HT-SHA-256-NONE', Buffer.alloc(0))]]
}

/** draft-schmaus-kitten-sasl-ht: both sides prove the token, without sending it. */
function hashedToken(name: string, binding: Buffer): Exchange {
  let token = ''
  let proven = false
  const proof = (who: string) => createHmac('sha256', token).update(who).update(binding).digest()
  return {
    name,
    get proven() {
      return proven
    },
    response: ({ username, password }) => {
      token = password
      return Buffer.concat([Buffer.from(`${username}\0`), proof('Initiator')]).toString('latin1')
    },
    challenge: () => undefined,
    final: (data) => {
      const given = Buffer.from(data, 'latin1')
      proven = given.length === 32 && timingSafeEqual(given, proof('Responder'))
    },
  }
}

/** Puts mechanisms into the library's factories; answers the exchange that is running. */
export function install(places: readonly { factory: SaslFactory; list: readonly [string, MakeExchange][] }[]): () => Exchange | undefined {
  let current: Exchange | undefined
  for (const { factory } of places) factory._mechs.length = 0
  for (const [factory, name, make] of places.flatMap(({ factory, list }) => list.map(([name, make]) => [factory, name, make] as const))) {
    factory.use(name, function Mechanism(this: object) {
      const exchange = make()
      current = exchange
      return {
        name,
        clientFirst: true,
        response: (credentials: { username: string; password: string }) => exchange.response(credentials),
        challenge: (data: string) => exchange.challenge(data),
        // the negotiation checks the proof itself, before the library sees the success
        final: () => undefined,
      }
    })
  }
  return () => current
}

function plain(): Exchange {
  return {
    name: 'PLAIN',
    response: ({ username, password }) => Buffer.from(`\0${username}\0${password}`).toString('latin1'),
    challenge: () => undefined,
    final: () => undefined,
    proven: true,
  }
}

function scramSha1(): Exchange {
  const nonce = randomBytes(18).toString('base64')
  let bare = ''
  let next = ''
  let expected: Buffer | undefined
  let proven = false
  let password = ''
  return {
    name: 'SCRAM-SHA-1',
    get proven() {
      return proven
    },
    response: (credentials) => {
      if (next !== '') return next
      password = credentials.password
      bare = `n=${Buffer.from(credentials.username.replaceAll('=', '=3D').replaceAll(',', '=2C')).toString('latin1')},r=${nonce}`
      return `n,,${bare}`
    },
    challenge: async (data) => {
      const [, r = '', s = '', i = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)/.exec(data) ?? []
      const iterations = Number(i)
      if (!r.startsWith(nonce) || iterations < 4096 || iterations > 1_000_000) throw untrusted()
      const salted = await promisify(pbkdf2)(password.normalize('NFKC'), Buffer.from(s, 'base64'), iterations, 20, 'sha1')
      const hmac = (key: Buffer, text: string) => createHmac('sha1', key).update(text).digest()
      const clientKey = hmac(salted, 'Client Key')
      const stored = createHash('sha1').update(clientKey).digest()
      const without = `c=biws,r=${r}`
      const message = Buffer.from(`${bare},${data},${without}`, 'latin1').toString('latin1')
      const signature = createHmac('sha1', stored).update(message, 'latin1').digest()
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)))
      expected = createHmac('sha1', hmac(salted, 'Server Key')).update(message, 'latin1').digest()
      next = `${without},p=${proof.toString('base64')}`
    },
    final: (data) => {
      const given = Buffer.from(/^v=([^,]*)/.exec(data)?.[1] ?? '', 'base64')
      proven = expected !== undefined && given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

function untrusted() {
  return failure('server-not-trusted', 'xmpp-server-not-trusted', 'The XMPP server asked for a log-in that is not safe.')
}
