import { createHmac, timingSafeEqual } from 'node:crypto'
import { type ChannelBinding, type Credentials, type Mechanism, untrusted } from './mechanism.ts'

/** Strongest binding first, as their names end. */
const bindings = { EXPR: 'tls-exporter', ENDP: 'tls-server-end-point', NONE: undefined } as const

/** The HT- mechanisms (draft-schmaus-kitten-sasl-ht) that a FAST token can be used with here (XEP-0484), the best first. */
export function tokenMechanisms(have: readonly ChannelBinding[]): string[] {
  const names: string[] = []
  for (const [end, type] of Object.entries(bindings)) {
    if (type === undefined || have.some((binding) => binding.type === type)) names.push(`HT-SHA-256-${end}`)
  }
  return names
}

/**
 * Both sides prove that they have the token (the credentials' password), which is not sent. Undefined for a name that is not among
 * `tokenMechanisms`. `finish` throws xmpp-server-not-trusted without the server's proof.
 */
export function hashedToken(name: string, { username, password }: Credentials, have: readonly ChannelBinding[]): Mechanism | undefined {
  if (!tokenMechanisms(have).includes(name)) return undefined
  const type = bindings[name.slice('HT-SHA-256-'.length) as keyof typeof bindings]
  const data = have.find((binding) => binding.type === type)?.data ?? Buffer.alloc(0)
  const proof = (who: string) => createHmac('sha256', password).update(who).update(data).digest()
  const message = Buffer.concat([Buffer.from(`${username}\0`), proof('Initiator')])
  return {
    name,
    start: async () => message,
    respond: async () => message,
    finish(additional) {
      const expected = proof('Responder')
      if (additional?.length !== expected.length || !timingSafeEqual(additional, expected)) {
        throw untrusted('The XMPP server could not prove that it knows the token.')
      }
    },
  }
}
