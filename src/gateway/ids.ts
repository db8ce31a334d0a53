import { createHash, randomBytes } from 'node:crypto'
import type { Grant } from './ports/key.ts'

/** characters of an id that a caller chooses, at most */
export const ID_MAX = 255

/** ids that one call for random bytes is enough for: the call costs more than the bytes */
const IDS_AT_ONCE = 256
const BYTES = 16

const random = createRandom()

function createRandom(): () => string {
  let bytes = Buffer.alloc(0)
  return () => {
    if (bytes.length === 0) bytes = randomBytes(BYTES * IDS_AT_ONCE)
    const id = bytes.toString('base64url', 0, BYTES)
    bytes = bytes.subarray(BYTES)
    return id
  }
}

/** Ids carry 128 random bits: `<prefix>_<22 random>`. */
export const newId = (prefix: string) => `${prefix}_${random()}`

/**
 * Those of messages and iqs carry their session too, so that a path like `/messages/{id}`
 * needs no other word about it: `msg_<22 of the session><22 random>`.
 */
export const newSessionId = () => newId('ses')

export const newMessageId = (session: string) => messageIdOf(session, random())

/** The id of a message that is told apart by `name`, 22 characters. */
export const messageIdOf = (session: string, name: string) => `msg_${session.slice('ses_'.length)}${name}`

export const newIqId = (session: string) => `iq_${session.slice('ses_'.length)}${random()}`

/** The session that an id of ours belongs to; undefined for ids that callers chose. */
export function sessionOf(id: string): string | undefined {
  const match = /^(?:msg|iq)_([\w-]{22})[\w-]{22}$/.exec(id)
  return match ? `ses_${match[1]}` : undefined
}

/** A session token; only its hash is kept. What it may do at most is written in it: with another one it is another token. */
export function newToken(session: string, grant?: Grant): string {
  const bounds = grant === undefined ? '' : Buffer.from(JSON.stringify(grant)).toString('base64url')
  return `sgs_${session.slice('ses_'.length)}${randomBytes(24).toString('base64url')}${bounds}`
}

/** What a token says of itself; `grant` is true where its hash is one that is kept. */
export function readToken(token: string): { session: string; grant(): Grant | undefined } | undefined {
  const [, session, bounds] = /^sgs_([\w-]{22})[\w-]{32}([\w-]*)$/.exec(token) ?? []
  if (session === undefined) return undefined
  return {
    session: `ses_${session}`,
    grant: () => (bounds ? (JSON.parse(Buffer.from(bounds, 'base64url').toString()) as Grant) : undefined),
  }
}

/** Of tokens of every kind only this is kept. */
export const tokenHash = (token: string) => createHash('sha256').update(token).digest('base64url')

/** The resource of a session whose caller asked for none: stable for its life. */
export const defaultResource = (session: string) => `stanzagate-${createHash('sha256').update(session).digest('hex').slice(0, 8)}`

/** The resource of a connection of the pool; index 0 is the primary. */
export const poolResource = (resource: string, index: number) => (index === 0 ? resource : `${resource}-${index}`)
