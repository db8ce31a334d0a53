import { timingSafeEqual } from 'node:crypto'
import { Problem } from '../errors/problem.ts'
import type { Seal } from './ports/seal.ts'
import type { ClientCertificate, OptInMechanism, SaslOptions, SessionRecord } from './ports/session-record.ts'

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

/** What a change leaves: members that it does not tell stay. A new secret makes a kept one needless that cannot be opened any more. */
export function changedCredentials(seal: Seal, record: SessionRecord, { password, sasl }: Credentials): Credentials {
  const isNew = password !== undefined || sasl?.certificate !== undefined
  const kept = <Secret>(open: () => Secret, lost: Secret) => (isNew ? (unlessLost(open) ?? lost) : open())
  return {
    password: password ?? kept(() => openPassword(seal, record), ''),
    sasl: { ...kept(() => openSasl(seal, record), { allow: record.mechanisms ?? [] }), ...sasl },
  }
}

/** Are these the kept ones? Secrets are compared in constant time. Those that cannot be opened any more are others. */
export function sameCredentials(seal: Seal, record: SessionRecord, { password = '', sasl = {} }: Credentials): boolean {
  const kept = unlessLost(() => whole(openPassword(seal, record), openSasl(seal, record)))
  const given = whole(password, sasl)
  return kept?.length === given.length && timingSafeEqual(kept, given)
}

/** Sealed with the present key, where they are not: after keys were rotated. What no key opens stays as it is. */
export function resealCredentials(seal: Seal, record: SessionRecord): SealedCredentials | undefined {
  if (secretsOf(record).every((one) => seal.isCurrent(one))) return undefined
  return unlessLost(() => sealCredentials(seal, record, { password: openPassword(seal, record), sasl: openSasl(seal, record) }))
}

/** All that is sealed in the record of a session. */
export const secretsOf = ({ credentials, certificate }: SessionRecord): string[] => [credentials, ...(certificate ? [certificate] : [])]

function unlessLost<Secret>(open: () => Secret): Secret | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof Problem && error.code === 'credentials-lost') return undefined
    throw error
  }
}

function whole(password: string, { allow = [], certificate }: SaslOptions): Buffer {
  const mechanisms: OptInMechanism[] = [...new Set(allow)].sort()
  return Buffer.from(JSON.stringify([password, mechanisms, certificate?.cert ?? '', certificate?.key ?? '']))
}

const passwordOf = ({ tenant, id }: Place) => ({ tenant, session: id, kind: 'password' })
const certificateOf = ({ tenant, id }: Place) => ({ tenant, session: id, kind: 'certificate' })
