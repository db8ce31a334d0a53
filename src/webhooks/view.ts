/** Webhooks and their deliveries as callers see them: times RFC 3339, no secrets. */
import type { DeliveryRow, WebhookHealth, WebhookRecord } from '../gateway/ports/webhook.ts'

const timestamp = (ms: number) => new Date(ms).toISOString()

/** As its events tell it. */
export function briefView({ id, url, types, session, ordering, description, state, reason, since, createdAt, headers }: WebhookRecord) {
  return {
    id,
    url,
    types,
    ...(session !== undefined && { session }),
    ordering,
    ...(headers && { headers: headers.shown }),
    ...(description !== undefined && { description }),
    state,
    ...(reason !== undefined && { reason }),
    since: timestamp(since),
    createdAt: timestamp(createdAt),
  }
}

export function webhookView(
  record: WebhookRecord,
  { last, nextTry }: WebhookHealth,
  lag: { events: number; seconds: number },
  now: number,
) {
  const secrets = record.secrets.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now)
  return {
    ...briefView(record),
    secrets: secrets.map(({ id, createdAt, expiresAt }) => ({
      id,
      createdAt: timestamp(createdAt),
      ...(expiresAt !== undefined && { expiresAt: timestamp(expiresAt) }),
    })),
    cursorLag: lag,
    ...(last && { lastDelivery: { ...last, at: timestamp(last.at) } }),
    ...(nextTry !== undefined && nextTry > now && record.state !== 'disabled' && { nextTry: timestamp(nextTry) }),
  }
}

export function deliveryView({ id, event, state, attempts, firstTryAt, nextTry, replayOf }: DeliveryRow) {
  return {
    id,
    event,
    state,
    attempts: attempts.map(({ at, ...attempt }) => ({ at: timestamp(at), ...attempt })),
    firstTryAt: timestamp(firstTryAt),
    ...(nextTry !== undefined && { nextTry: timestamp(nextTry) }),
    ...(replayOf !== undefined && { replayOf }),
  }
}
