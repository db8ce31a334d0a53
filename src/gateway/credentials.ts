import { timingSafeEqual } from 'node:crypto'
import type { ClientCertificate, OptInMechanism, SaslOptions, Seal, SessionRecord } from './ports.ts'

/** What an account logs in with, as the caller gave it. */
export interface Credentials {
  password?: string | undefined
  sasl?: SaslOptions | undefined
}

/** The same in the record of a session: secrets are sealed, each for its place. */
export type SealedCredentials = Pick<SessionRecord, 'credentials' | 'mechanisms' | 'certificate'>

type Place = Pick<SessionRecord, 'tenant' | 'id'>

export function sealCredentials(seal: Seal, place: Place, { password = '', sasl = {} }: Credentials): SealedCredentials {
  const { allow = [], certificate } = sasl
  return {
    credentials: seal.seal(password, passwordOf(place)),
    mechanisms: [...new Set(allow)].sort(),
    certificate: certificate === undefined ? null : seal.seal(JSON.stringify(certificate), certificateOf(place)),
  }
}

/** '' where the account has none */
export function openPassword(seal: Seal, record: SessionRecord): string {
  return seal.open(record.credentials, passwordOf(record))
}

export function openSasl(seal: Seal, record: SessionRecord): SaslOptions {
  const { mechanisms = [], certificate } = record
  if (!certificate) return { allow: mechanisms }
  return { allow: mechanisms, certificate: JSON.parse(seal.open(certificate, certificateOf(record))) as ClientCertificate }
}

/** What a change leaves: members that it does not tell stay. */
export function changedCredentials(seal: Seal, record: SessionRecord, { password, sasl }: Credentials): Credentials {
  return { password: password ?? openPassword(seal, record), sasl: { ...openSasl(seal, record), ...sasl } }
}

/** Are these the kept ones? Secrets are compared in constant time. */
export function sameCredentials(seal: Seal, record: SessionRecord, { password = '', sasl = {} }: Credentials): boolean {
  const kept = whole(openPassword(seal, record), openSasl(seal, record))
  const given = whole(password, sasl)
  return kept.length === given.length && timingSafeEqual(kept, given)
}

/** Sealed with the present key, where they are not: after keys were rotated. */
export function resealCredentials(seal: Seal, record: SessionRecord): SealedCredentials | undefined {
  const sealed = [record.credentials, ...(record.certificate ? [record.certificate] : [])]
  if (sealed.every((one) => seal.isCurrent(one))) return undefined
  return sealCredentials(seal, record, { password: openPassword(seal, record), sasl: openSasl(seal, record) })
}

function whole(password: string, { allow = [], certificate }: SaslOptions): Buffer {
  const mechanisms: OptInMechanism[] = [...new Set(allow)].sort()
  return Buffer.from(JSON.stringify([password, mechanisms, certificate?.cert ?? '', certificate?.key ?? '']))
}

const passwordOf = ({ tenant, id }: Place) => ({ tenant, session: id, kind: 'password' })
const certificateOf = ({ tenant, id }: Place) => ({ tenant, session: id, kind: 'certificate' })
