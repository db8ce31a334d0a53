/** From a checked message to the outbox, and the answer that says how far it came. */
import { checkId } from '../api/paths.ts'
import { Problem } from '../errors/problem.ts'
import { invalidRequest, keyReused } from '../errors/refusals.ts'
import type { MessageProgress } from '../gateway/contract/message-json.ts'
import type { Answer, SessionCall } from '../gateway/contract/operation.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import { newMessageId } from '../gateway/ids.ts'
import { recordJson } from '../gateway/outbox/message-record.ts'
import { accepted } from '../gateway/outbox/recent-records.ts'
import type { AcceptResult } from '../gateway/ports/change.ts'
import type { EventDraft } from '../gateway/ports/event.ts'
import type { MessageRecord, MessageStatus, OutboxEntry } from '../gateway/ports/message.ts'
import { jid } from '../jid.ts'
import { STANZA_ID } from '../protocol/namespaces.ts'
import { child, type Element, element, withAttributes, withChildren } from '../xml/element.ts'
import { serialize } from '../xml/serialize.ts'

/** seconds that `Prefer: wait` may ask for */
const WAIT_MAX = 60

export type Level = 'acked' | 'delivered'

const reached: Record<Level, readonly MessageStatus[]> = {
  acked: ['acked', 'delivered', 'displayed'],
  delivered: ['delivered', 'displayed'],
}

/** What happened to a message of ours, with its record as it is then. */
export function recordEvent(record: MessageRecord, status: MessageStatus): EventDraft {
  return { type: `message.${status}`, subject: record.id, data: recordJson(record), trace: record.trace }
}

/** The id that its caller gave a message. */
const chosenId = (message: Element) => message.attributes.id ?? originId(message)
const originId = (message: Element) => child(message, 'origin-id', STANZA_ID)?.attributes.id

/** The message as it goes out: one id for the record, the stanza and its origin-id (XEP-0359); the caller's where there is one. */
export function identified(message: Element, session: string): Element {
  const origin = originId(message)
  const id = chosenId(message) ?? newMessageId(session)
  if (origin !== undefined && origin !== id) {
    throw invalidRequest('body.originId', 'must equal id', { detail: 'The origin-id of a message is its id.' })
  }
  checkId(id)
  const { to } = message.attributes
  const named = withAttributes(message, { id, to: to === undefined ? undefined : jid(to, 'body.to') })
  return origin === undefined ? withChildren(named, element('origin-id', STANZA_ID, { id })) : named
}

/** The XML of a stanza for the wire. Throws stanza-too-large beyond `limit` bytes. */
export function withinLimit(stanza: Element, limit: number): string {
  const xml = serialize(stanza)
  const size = Buffer.byteLength(xml)
  if (size > limit) throw new Problem('stanza-too-large', `The stanza has ${size} bytes; the limit is ${limit}.`)
  return xml
}

/** A session that sends; of a component as one of its addresses. */
type Sender = Pick<SessionHandle, 'record' | 'address'>

/** A message as it goes into the outbox, with its record. Throws stanza-too-large, jid-malformed, invalid-request. */
export function outgoing(message: Element, session: Sender, { limit, expiresIn }: { limit: number; expiresIn?: number }) {
  const { record, address: from } = session
  const named = identified(message, record.id)
  const stanza = from === undefined ? named : withAttributes(named, { from })
  // without an address it is for the own account (RFC 6120 section 10.3.1)
  const { id, to = record.jid, type = 'normal' } = stanza.attributes as { id: string; to?: string; type?: string }
  const acceptedAt = Date.now()
  const expiresAt = expiresIn === undefined ? null : acceptedAt + expiresIn * 1000
  const sender = from === undefined ? {} : { from }
  const entry: OutboxEntry = { id, xml: withinLimit(stanza, limit), to, ...sender, kind: 'message', type, acceptedAt, expiresAt }
  return { entry, record: accepted(entry), isNew: chosenId(message) === undefined }
}

/** Puts a message into the outbox and answers 202, or waits as long as the caller prefers for its acknowledgement or receipt. */
export async function sendMessage(
  call: SessionCall,
  message: Element,
  { level = 'acked', ...options }: { limit: number; expiresIn?: number; level?: Level },
): Promise<Answer> {
  const { session, idempotency, prefer, trace } = call
  const made = outgoing(message, session, options)
  const { record } = made
  const answer = answerFor(record, 202)
  const result = await session.accept({
    entries: [made],
    events: [recordEvent(record, 'accepted')],
    trace,
    ...(idempotency ? { idempotency: { ...idempotency, answer } } : {}),
  })
  if (result.kind === 'replayed') return replayed(result.answer)
  if (result.kind !== 'accepted') throw refusal(result)
  return prefer.wait ? await waitFor(call, record, level, Math.min(prefer.wait, WAIT_MAX)) : answer
}

export const replayed = (answer: Answer): Answer => ({ ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } })

/** Why the outbox took nothing. */
export function refusal(result: Exclude<AcceptResult, { kind: 'accepted' | 'replayed' }>): Problem {
  switch (result.kind) {
    case 'running':
      return new Problem('idempotency-key-running', 'The first request with this Idempotency-Key is still running.', { retryAfter: 1 })
    case 'reused':
      return keyReused()
    case 'id-in-use':
      return new Problem('id-in-use', `A message with the id ${result.id} was sent within the last 24 hours.`)
    case 'full':
      return new Problem('outbox-full', 'The outbox of the session is full.', { retryAfter: result.retryAfter })
  }
}

async function waitFor(call: SessionCall, record: MessageRecord, level: Level, seconds: number): Promise<Answer> {
  const { session, idempotency, signal } = call
  const latest = (await session.awaitMessage(record.id, [...reached[level], 'failed', 'expired'], seconds * 1000, signal)) ?? record
  const answer = answerFor(latest, reached[level].includes(latest.status) ? 200 : 202)
  if (idempotency) await session.answered(idempotency, answer)
  return { ...answer, preferenceApplied: `wait=${seconds}` }
}

function answerFor({ id, status, originId, error }: MessageRecord, httpStatus: 200 | 202) {
  return {
    status: httpStatus,
    body: { id, status, originId, ...(error ? { error } : {}) } satisfies MessageProgress,
    headers: { location: `/messages/${encodeURIComponent(id)}` },
  }
}
