/** Webhooks as callers give and see them. */
import { z } from 'zod'
import { URL_MAX } from '../net/target.ts'

/** entries of `types`, and characters of a description */
const TYPES_MAX = 200
const DESCRIPTION_MAX = 500
/** headers of a webhook, and bytes of all of them */
const HEADERS_MAX = 20
const HEADERS_BYTES = 4 * 1024

const id = z.string().meta({ example: 'whk_Zb0kZ1CmTj2sX5QhYV9wXA' })
const time = z.iso.datetime()

/** what the gateway says itself, and what is between it and the next hop */
const ours = /^(?:host|content-.*|webhook-.*|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect)$/i

const headers = z
  .record(z.string(), z.string())
  .superRefine((given, context) => {
    const all = Object.entries(given)
    const fault = (message: string, name?: string) => context.addIssue({ code: 'custom', message, path: name === undefined ? [] : [name] })
    if (all.length > HEADERS_MAX) fault(`must be at most ${HEADERS_MAX}`)
    if (all.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0) > HEADERS_BYTES)
      fault(`must be at most ${HEADERS_BYTES} bytes together`)
    if (new Set(all.map(([name]) => name.toLowerCase())).size < all.length) fault('must not name one twice')
    for (const [name, value] of all) {
      if (!/^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(name)) fault('is not the name of a header', name)
      else if (ours.test(name)) fault('is not yours to set', name)
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) fault('must be one line of text', name)
    }
  })
  .meta({
    description: 'Sent with each request; never Host, Content-*, Webhook-*. All of it is kept sealed, and Authorization is shown as "set"',
    example: { authorization: 'Bearer secret' },
  })

const types = z
  .array(z.string().regex(/^(?:\*|[a-z-]+\.(?:[a-z-]+|\*))$/, 'must be an event type, a family like presence.*, or *'))
  .min(1)
  .max(TYPES_MAX)
  .meta({
    description:
      '`*` means all durable events; what is volatile (`presence.*`, `chatstate.*`) goes to webhooks that name it. `events.*` goes to all',
    example: ['message.*', 'session.*'],
  })

const ordering = z.enum(['strict', 'relaxed']).meta({
  description: 'strict: of each session one event at a time, in order. relaxed: up to 16, and one that fails does not hold up the others',
})
const url = z.string().min(1).max(URL_MAX).meta({
  description: 'https, with a public address; WEBHOOK_PRIVATE_HOSTS names the hosts where http and other addresses are allowed',
  example: 'https://example.org/hooks/stanzagate',
})
const session = z.string().min(1).max(3071).meta({ description: 'Session id, bare JID or full JID; without it all sessions of the tenant' })
const description = z.string().max(DESCRIPTION_MAX)

export const newWebhook = z
  .strictObject({
    url,
    types,
    session: session.optional(),
    ordering: ordering.optional(),
    headers: headers.optional(),
    description: description.optional(),
    after: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'Of one session: begins after this cursor, 0 is the oldest kept; without it with what happens from now on' }),
  })
  .meta({ id: 'NewWebhook' })

export const webhookChange = z
  .strictObject({
    url: url.optional(),
    types: types.optional(),
    session: session.nullable().optional(),
    ordering: ordering.optional(),
    headers: headers.nullable().optional(),
    description: description.nullable().optional(),
    state: z
      .enum(['enabled', 'disabled'])
      .optional()
      .meta({ description: 'enabled: goes on from the kept place, at once; disabled: until it is enabled again' }),
  })
  .meta({ id: 'WebhookChange', description: 'null removes' })

const brief = {
  id,
  url: z.string(),
  types: z.array(z.string()),
  session: z.string().optional().meta({ description: 'session id' }),
  ordering: z.enum(['strict', 'relaxed']),
  headers: z.record(z.string(), z.string()).optional(),
  description: z.string().optional(),
  state: z.enum(['enabled', 'failing', 'disabled']).meta({
    description: 'failing: ten tries in a row failed, over events; one is made at a time until one succeeds. disabled: nothing is sent',
  }),
  reason: z.enum(['gone', 'manual', 'expired']).optional().meta({
    description: 'of disabled. gone: the consumer answered 410; expired: nothing was delivered for as long as events are kept',
  }),
  since: time,
  createdAt: time,
}

/** data of webhook.* events */
export const webhookBrief = z.object(brief).meta({ id: 'WebhookBrief' })

const attempt = { at: time, status: z.int().optional(), error: z.string().optional(), ms: z.int() }

const shape = {
  ...brief,
  secrets: z.array(z.object({ id: z.string(), createdAt: time, expiresAt: time.optional() })),
  cursorLag: z
    .object({ events: z.int(), seconds: z.int() })
    .meta({ description: 'Events that are not delivered yet, and the age of the oldest; of a very long backlog they are not all counted' }),
  lastDelivery: z.object({ at: time, status: z.int().optional() }).optional().meta({ description: 'The last try; no status: no answer' }),
  nextTry: time.optional(),
}

export const webhook = z.object(shape).meta({ id: 'Webhook' })
export const createdWebhook = z
  .object({ ...shape, secret: z.string().meta({ description: 'Shown this once; signs each request (Standard Webhooks)' }) })
  .meta({ id: 'CreatedWebhook' })

export const rotated = z
  .object({ id: z.string(), secret: z.string(), expiresAt: time.meta({ description: 'until then the old one signs too' }) })
  .meta({ id: 'RotatedSecret' })

export const delivery = z
  .object({
    id: z.string().meta({ example: 'dlv_Zb0kZ1CmTj2sX5QhYV9wXA' }),
    event: z.object({ id: z.string(), type: z.string(), session: z.string() }),
    state: z.enum(['pending', 'delivered', 'dead']),
    attempts: z.array(z.object(attempt)).meta({ description: 'the last ten' }),
    firstTryAt: time,
    nextTry: time.optional(),
    replayOf: z.string().optional(),
  })
  .meta({ id: 'WebhookDelivery' })

export const deliveryStates = z.enum(['pending', 'delivered', 'dead'])

export const replay = z
  .union([
    z.strictObject({ delivery: z.string().max(100) }).meta({ description: 'that event again' }),
    z
      .strictObject({ session, after: z.string().max(200), until: z.string().max(200).optional() })
      .meta({ description: 'what the log has after a cursor, to another one, that event included, or to its end' }),
    z.strictObject({ dead: z.literal(true) }).meta({ description: 'all dead letters' }),
  ])
  .meta({ id: 'WebhookReplay' })

export const queued = z.object({ queued: z.int().meta({ description: 'events that are sent again' }) }).meta({ id: 'WebhookReplayed' })

export const tested = z
  .object({
    delivered: z.boolean(),
    status: z.int().optional(),
    error: z.string().optional(),
    ms: z.int(),
    answer: z.string().optional().meta({ description: 'the beginning of what the consumer answered' }),
  })
  .meta({ id: 'WebhookTest' })
