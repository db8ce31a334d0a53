/** Keys as callers tell them and see them. */
import { z } from 'zod'
import type { KeyRecord } from '../../gateway/ports/key.ts'
import { scopes as all, type Scope } from '../../gateway/ports/scope.ts'

/** entries of a list of a key */
const LIST_MAX = 100
/** characters of a name, and of a JID with what stands before it */
const NAME_MAX = 100
const PATTERN_MAX = 3_073

const scope = z.enum(all as [Scope, ...Scope[]]).meta({ id: 'Scope' })
const name = z.string().min(1).max(NAME_MAX).meta({ description: 'What it is for', example: 'order bot' })
const scopes = z
  .array(scope)
  .min(1)
  .max(all.length)
  .meta({ description: 'What it may do; `:write` has `:read`', example: ['messages:write', 'events:read'] })
const pattern = (what: string) => z.array(z.string().min(1).max(PATTERN_MAX)).min(1).max(LIST_MAX).meta({ description: what })
const sessions = pattern('The accounts whose sessions there are for it: bare JIDs, or `*@domain`. Without it: all of the tenant')
const recipients = pattern(
  'Whom messages, iqs, presence, room joins and invitations may go to: JIDs (a bare one is all of its resources), or `@domain`. Without it: everybody',
)
const expiresAt = z.iso.datetime({ offset: true }).meta({ description: 'It is refused from then on. Without it: never' })

export const newKey = z
  .strictObject({
    name,
    scopes,
    sessions: sessions.optional(),
    recipients: recipients.optional(),
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'NewKey' })

export const keyChange = z
  .strictObject({
    name: name.optional(),
    scopes: scopes.optional(),
    sessions: sessions.nullable().optional(),
    recipients: recipients.nullable().optional(),
    expiresAt: expiresAt.nullable().optional(),
  })
  .meta({ id: 'KeyChange', description: 'What is left out stays; null takes a bound away' })

const shape = {
  id: z.string().meta({ example: 'key_mT5C0bO9p0sZbq1xkPsu1A' }),
  name: z.string(),
  scopes: z.array(scope),
  sessions: z.array(z.string()).optional(),
  recipients: z.array(z.string()).optional(),
  expiresAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  createdBy: z.string().optional().meta({ description: 'Id of the key that made it; not of keys of the configuration' }),
  lastUsedAt: z.iso.datetime().optional().meta({ description: 'To about a second; absent: never' }),
}

export const key = z.object(shape).meta({ id: 'Key' })

export const createdKey = z
  .object({ ...shape, key: z.string().meta({ description: 'The key itself: it is shown this once, and only its hash is kept' }) })
  .meta({ id: 'CreatedKey' })

const timestamp = (ms: number) => new Date(ms).toISOString()

export function keyView({
  id,
  name,
  scopes,
  sessions,
  recipients,
  expiresAt,
  createdAt,
  by,
  lastUsedAt,
}: KeyRecord & { lastUsedAt?: number }) {
  return {
    id,
    name,
    scopes: [...scopes],
    ...(sessions && { sessions: [...sessions] }),
    ...(recipients && { recipients: [...recipients] }),
    ...(expiresAt !== undefined && { expiresAt: timestamp(expiresAt) }),
    createdAt: timestamp(createdAt),
    ...(by !== undefined && { createdBy: by }),
    ...(lastUsedAt !== undefined && { lastUsedAt: timestamp(lastUsedAt) }),
  }
}
