import { createHash, randomBytes } from 'node:crypto'

/**
 * Ids carry 128 random bits. Those of messages and iqs carry their session too, so that a path like `/messages/{id}`
 * needs no other word about it: `msg_<22 of the session><22 random>`.
 */
const SESSION_PART = 22

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

export const newSessionId = () => `ses_${random()}`

export const newMessageId = (session: string) => `msg_${session.slice('ses_'.length)}${random()}`

export const newIqId = (session: string) => `iq_${session.slice('ses_'.length)}${random()}`

/** The session that an id of ours belongs to; undefined for ids that callers chose. */
export function sessionOf(id: string): string | undefined {
  const match = /^(?:msg|iq)_([\w-]{22})[\w-]{22}$/.exec(id)
  return match ? `ses_${match[1]}` : undefined
}

/** A session token; only its hash is kept. */
export const newToken = (session: string) => `sgs_${session.slice('ses_'.length)}${randomBytes(24).toString('base64url')}`

export function sessionOfToken(token: string): string | undefined {
  const match = /^sgs_([\w-]+)$/.exec(token)
  return match && token.length === 'sgs_'.length + SESSION_PART + 32 ? `ses_${(match[1] as string).slice(0, SESSION_PART)}` : undefined
}

export const tokenHash = (token: string) => createHash('sha256').update(token).digest('base64url')

/** The resource of a session whose caller asked for none: stable for its life. */
export const defaultResource = (session: string) => `stanzagate-${createHash('sha256').update(session).digest('hex').slice(0, 8)}`

/** The resource of a connection of the pool; index 0 is the primary. */
export const poolResource = (resource: string, index: number) => (index === 0 ? resource : `${resource}-${index}`)
