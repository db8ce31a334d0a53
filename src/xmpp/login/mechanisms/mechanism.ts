import { Problem } from '../../../errors/problem.ts'
import type { Derive } from './derivation.ts'

/**
 * One run of a SASL mechanism, from the client's side. What goes in and out are the bytes themselves: XMPP carries them as base64,
 * where `=` stands for none (RFC 6120 section 6.4). The problem xmpp-server-not-trusted means that the other side failed to prove itself.
 */
export interface Mechanism {
  readonly name: string
  /** the initial response; undefined where the server speaks first */
  start(): Promise<Buffer | undefined>
  respond(challenge: Buffer): Promise<Buffer>
  /** The server says success: throws unless it has proved all that the mechanism makes it prove. `additional`: data inside `<success/>`. */
  finish(additional: Buffer | undefined): void
}

export interface Credentials {
  /** local part of the JID; for ANONYMOUS and EXTERNAL not looked at */
  username: string
  /** for the HT- mechanisms the token */
  password: string
  /** the XMPP domain: realm and service of DIGEST-MD5 */
  domain: string
  /** for SCRAM */
  derive: Derive
  /** to act as another account, a bare JID */
  authorization?: string
  /** only for tests: the client's nonce */
  nonce?: string
}

/** A channel binding: its type (RFC 5929, RFC 9266) and the data that both ends of the channel see. */
export interface ChannelBinding {
  type: 'tls-exporter' | 'tls-server-end-point'
  data: Buffer
}

export function untrusted(detail: string, cause?: unknown): Problem {
  return new Problem('xmpp-server-not-trusted', detail, { cause })
}
