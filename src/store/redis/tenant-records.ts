/** What tenants have made, in Redis: each record is the field of a hash, with its version and the time it was created. */
import { disclose } from './envelope.ts'

/** of "<version> <created> <record>" */
export function datedRecord<Record extends object>(text: string | null | undefined) {
  const [, version, created, kept] = /^(\d+) (\d+) (.*)$/s.exec(text ?? '') ?? []
  const record = disclose<Record>(kept)
  return record && { createdAt: Number(created), ...record, version: Number(version) }
}

/** Those made first are first. */
export const byAge = (one: { createdAt: number; id: string }, other: { createdAt: number; id: string }) =>
  one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1)

/** Where the record is that a hash leads to: of "<tenant> <id>". */
export function placeOf(text: string | null): { tenant: string; id: string } | undefined {
  const [, tenant, id] = /^(\S+) (\S+)$/.exec(text ?? '') ?? []
  return tenant !== undefined && id !== undefined ? { tenant, id } : undefined
}
