/** The usual parts of a log-in, played by a fake server. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { childText, type Element, text } from '../../src/xml/element.ts'
import { namespaces, type Peer } from './fake-server.ts'

export const features = (inner: string) => `<stream:features>${inner}</stream:features>`
export const starttls = `<starttls xmlns='${namespaces.tls}'><required/></starttls>`
export const mechanisms = (...names: string[]) =>
  `<mechanisms xmlns='${namespaces.sasl}'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`
export const bindFeature = `<bind xmlns='${namespaces.bind}'/>`
export const smFeature = `<sm xmlns='${namespaces.sm}'/>`

/** header, STARTTLS, TLS */
export async function toTls(peer: Peer): Promise<void> {
  await peer.opened()
  peer.header()
  peer.write(features(starttls))
  await peer.next(({ name }) => name === 'starttls')
  peer.write(`<proceed xmlns='${namespaces.tls}'/>`)
  await peer.secure()
}

/** … and the log-in */
export async function toAuthenticated(peer: Peer): Promise<void> {
  await toTls(peer)
  await toLoggedIn(peer)
}

/** on a connection that is secure, by PLAIN, which needs no computing; ends before the features of the authenticated stream */
export async function toLoggedIn(peer: Peer): Promise<void> {
  await peer.opened()
  peer.header()
  peer.write(features(mechanisms('PLAIN')))
  await peer.next(({ name }) => name === 'auth')
  peer.write(`<success xmlns='${namespaces.sasl}'/>`)
  await peer.opened()
  peer.header()
}

/** … and a bind with stream management; answers the full JID */
export async function toBound(peer: Peer, { sm = true, id = 'sm-1' }: { sm?: boolean; id?: string | null } = {}): Promise<string> {
  await toAuthenticated(peer)
  peer.write(features(bindFeature + (sm ? smFeature : '')))
  return answerBind(peer, { sm, id })
}

export async function answerBind(peer: Peer, { sm = true, id = 'sm-1' }: { sm?: boolean; id?: string | null } = {}): Promise<string> {
  const asked = await peer.next(({ name }) => name === 'iq')
  const bind = asked.children[0] as Element
  const full = `ada@localhost/${childText(bind, 'resource') ?? 'chosen'}`
  peer.write(`<iq type='result' id='${asked.attributes.id}'><bind xmlns='${namespaces.bind}'><jid>${full}</jid></bind></iq>`)
  if (sm) {
    await peer.next(({ name }) => name === 'enable')
    peer.write(
      id === null ? `<enabled xmlns='${namespaces.sm}'/>` : `<enabled xmlns='${namespaces.sm}' id='${id}' resume='true' max='600'/>`,
    )
  }
  return full
}

/** resume of a stream: answers the h that the client asked with */
export async function toResume(peer: Peer): Promise<number> {
  await toAuthenticated(peer)
  peer.write(features(bindFeature + smFeature))
  return Number((await peer.next(({ name }) => name === 'resume')).attributes.h)
}

export const resumed = (h: number | string, id = 'sm-1') => `<resumed xmlns='${namespaces.sm}' previd='${id}' h='${h}'/>`
export const ack = (h: number | string) => `<a xmlns='${namespaces.sm}' h='${h}'/>`
export const request = `<r xmlns='${namespaces.sm}'/>`

/** stays until the client goes, answering what keeps a stream alive */
export async function serve(peer: Peer, { count = 0 }: { count?: number } = {}): Promise<void> {
  for (;;) {
    const element = await peer.next().catch(() => undefined)
    if (element === undefined) return
    if (element.xmlns === 'jabber:client') count += 1
    if (element.name === 'r') peer.write(ack(count))
  }
}

/** The server's side of SCRAM for one password; `forge` makes the last proof wrong, `binding` is what the server has for a -PLUS. */
export function scramServer(password: string, { iterations = 4096, forge = false, hash = 'sha1', binding = Buffer.alloc(0) } = {}) {
  const salt = randomBytes(16)
  const length = { sha1: 20, sha256: 32, sha512: 64 }[hash] as number
  const hmac = (key: Buffer, data: string) => createHmac(hash, key).update(data, 'latin1').digest()
  let header = ''
  let clientFirst = ''
  let serverFirst = ''
  return {
    first(auth: string): string {
      const data = Buffer.from(auth, 'base64').toString('latin1')
      const start = data.indexOf('n=', data.indexOf(',', data.indexOf(',') + 1))
      header = data.slice(0, start)
      clientFirst = data.slice(start)
      const nonce = /r=([^,]+)/.exec(clientFirst)?.[1]
      serverFirst = `r=${nonce}server,s=${salt.toString('base64')},i=${iterations}`
      return Buffer.from(serverFirst).toString('base64')
    },
    last(response: string): string {
      const data = Buffer.from(response, 'base64').toString('latin1')
      const bound = Buffer.from(/^c=([^,]*)/.exec(data)?.[1] ?? '', 'base64')
      if (!bound.equals(Buffer.concat([Buffer.from(header), binding]))) throw new Error('the client is bound to another channel')
      const message = `${clientFirst},${serverFirst},${data.slice(0, data.lastIndexOf(',p='))}`
      const salted = pbkdf2Sync(password, salt, iterations, length, hash)
      const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest()
      const signature = hmac(stored, message)
      const proof = Buffer.from(data.slice(data.lastIndexOf(',p=') + 3), 'base64')
      const key = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] as number)))
      if (!createHash(hash).update(key).digest().equals(stored)) throw new Error('the proof of the client is wrong')
      const verifier = forge ? randomBytes(length) : hmac(hmac(salted, 'Server Key'), message)
      return Buffer.from(`v=${verifier.toString('base64')}`).toString('base64')
    },
  }
}

export const textOf = (element: Element) => text(element)
