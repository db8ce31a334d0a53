import { createHash } from 'node:crypto'
import type { LiveSession } from '../contract/session.ts'
import { defineKind } from '../contract/state-kind.ts'
import type { FastToken, UserAgent } from '../ports/connection.ts'
import type { Seal } from '../ports/seal.ts'

/** Sealed FAST tokens, by the index of the connection. */
export const fastTokens = defineKind<string>({ name: 'fast', bound: 'log-in-tokens', entries: 16, size: 256 * 1024, firm: true })

/** A connection as its server knows it again: the same user agent at each log-in, and a token of its own in the place of the password. */
export function createUserAgent({
  index,
  session,
  seal,
}: {
  index: number
  session: Pick<LiveSession, 'record' | 'state' | 'commit'>
  seal: Seal
}): UserAgent {
  const { id, tenant } = session.record
  const key = String(index)
  const context = { tenant, session: id, kind: `fast ${index}` }
  return {
    id: uuid(`${id} ${index}`),
    async token() {
      const sealed = session.state.get(fastTokens, key)
      if (typeof sealed !== 'string') return null
      try {
        return JSON.parse(seal.open(sealed, context)) as FastToken
      } catch {
        return null // sealed with a key that was dropped since: the password serves, and brings a new token
      }
    },
    async keep(token) {
      const kept = token === null ? fastTokens.remove(key) : fastTokens.put(key, seal.seal(JSON.stringify(token), context))
      await session.commit({ state: [kept] })
    },
  }
}

/** A UUID (version 8, RFC 9562 section 5.8) that is always the same for the same name. */
function uuid(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
