/** Where an account is and what it logs in with, as callers tell it. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { optInMechanisms } from '../gateway/ports/session-record.ts'

export const service = z
  .string()
  .max(2048)
  .regex(/^(xmpps?|wss?):\/\//, 'must begin with xmpp://, xmpps://, ws:// or wss://')
  .meta({
    description: 'Where the server is: `xmpp://host:port`, `xmpps://…`, `wss://…`. By default it is looked up from the domain',
  })

export const password = z
  .string()
  .min(1)
  .max(1023)
  .meta({ description: 'Stored encrypted, never shown. Only an account that logs in by certificate or anonymously can do without' })
/** characters of a certificate with its chain, and of a key */
const CERTIFICATE_MAX = 65_536
const KEY_MAX = 16_384
const certificate = z
  .strictObject({
    cert: z.string().max(CERTIFICATE_MAX).meta({ description: 'The certificate and what else its chain needs, PEM' }),
    key: z.string().max(KEY_MAX).meta({ description: 'Its private key without a passphrase, PEM' }),
  })
  .refine(isKeyPair, 'must be a certificate and its private key without a passphrase, both PEM')
  .meta({
    description:
      'A client certificate: shown to the server in the TLS handshake, and used to log in (SASL EXTERNAL, XEP-0178) before all others where the server offers that. ' +
      'Stored encrypted like a password, never shown.',
  })
export const sasl = z
  .strictObject({
    allow: z
      .array(z.enum(optInMechanisms))
      .max(optInMechanisms.length)
      .optional()
      .meta({
        description:
          'Mechanisms that are only used where they are allowed, and where the server offers nothing better. PLAIN shows the server the password, only ever over TLS. ' +
          'DIGEST-MD5 is broken (RFC 6331): for servers that have nothing else. ANONYMOUS needs no password: `jid` is then a domain, the server makes the account, ' +
          'and the bare JID that it bound is the `jid` of the session, another one after each log-in that did not resume.',
      }),
    certificate: certificate.optional(),
  })
  .meta({ id: 'Sasl', description: 'How the account may log in, beside SCRAM, which is always allowed' })

/** An account without a password logs in by certificate or anonymously. */
export const canLogIn = ({
  password,
  sasl,
}: {
  password?: string | undefined
  sasl?: { allow?: string[] | undefined; certificate?: unknown } | undefined
}) => password !== undefined || sasl?.certificate !== undefined || sasl?.allow?.includes('ANONYMOUS') === true

function isKeyPair({ cert, key }: { cert: string; key: string }): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
