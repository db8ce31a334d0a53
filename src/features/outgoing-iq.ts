/** Requests to others, answered at once or kept for later. */

import { checkId } from '../api/paths.ts'
import type { Translator } from '../codec/translate.ts'
import { Problem, problemJson } from '../errors/problem.ts'
import type { Answer, Call, SessionCall } from '../gateway/contract/operation.ts'
import { defineCommand, type LiveSession } from '../gateway/contract/session.ts'
import { defineKind } from '../gateway/contract/state-kind.ts'
import { newIqId } from '../gateway/ids.ts'
import type { KeptIq } from '../gateway/ports/change.ts'
import type { Trace } from '../gateway/ports/tracing.ts'
import { sendIq } from '../gateway/session/commands.ts'
import type { Patience } from '../gateway/session/iq-correlator.ts'
import { accountOf, jid } from '../jid.ts'
import type { Element } from '../xml/element.ts'
import { reparse } from '../xml/parse.ts'
import { serialize } from '../xml/serialize.ts'
import { keptJson } from './kept-iq.ts'

/** seconds that an answer is waited for: unless told, and at most */
const WAIT = 30
const WAIT_MAX = 120
/** ms for the owner to take a request over */
const HAND_OVER = 5_000

interface Pending {
  type: 'get' | 'set'
  to: string | undefined
  /** epoch ms */
  until: number
  trace?: Trace
}

/** By id, the requests whose outcome is to be kept; more of them do not wait for their answer at one time. */
export const pendingIqs = defineKind<Pending>({ name: 'iq', bound: 'iqs-under-way', entries: 200, size: 1024 * 1024, firm: true })

export interface Request {
  type: 'get' | 'set'
  to?: string
  id?: string
  payload: Element
}

interface Started extends Patience {
  id: string
  type: 'get' | 'set'
  to?: string
  xml: string
  trace?: Trace
}

/** How long an answer is waited for. */
export const secondsOf = ({ wait = WAIT }: Call['prefer']) => Math.min(Math.max(wait, 1), WAIT_MAX)

/** As long as the caller says, else longer where the request or the answer is on its way still. */
function patienceOf(prefer: Call['prefer']): Required<Patience> {
  const timeout = secondsOf(prefer) * 1000
  return { timeout, most: prefer.wait === undefined ? WAIT_MAX * 1000 : timeout }
}

/** Sends a request and waits for its answer. Rejects with the problem of an error, or xmpp-timeout. */
export async function ask({ session, prefer, signal }: SessionCall, { payload, ...request }: Request): Promise<Element> {
  const patience = patienceOf(prefer)
  const args = { ...addressed(request), xml: serialize(payload), patience }
  return reparse(await session.perform(sendIq, args, { timeout: patience.most, signal, repeatable: request.type === 'get' }))
}

/** Sends a request whose outcome is kept: 202 at once, then `iq.completed` and `GET /iq/{id}`. */
export async function askLater(
  { session, prefer, trace }: SessionCall,
  { payload, ...request }: Request,
): Promise<Answer & { body: { id: string } }> {
  const id = request.id ?? newIqId(session.record.id)
  checkId(id)
  const args: Started = { ...addressed(request), id, xml: serialize(payload), ...patienceOf(prefer), ...(trace && { trace }) }
  if (request.id !== undefined) await session.chosen([id])
  await session.perform(startIq, args, { timeout: HAND_OVER, repeatable: request.type === 'get' })
  const body = { id, status: 'pending' }
  return { status: 202, body, headers: { location: `/iq/${encodeURIComponent(id)}` } }
}

function addressed<R extends Omit<Request, 'payload'>>(request: R): R {
  return request.to === undefined ? request : { ...request, to: jid(request.to, 'body.to') }
}

/** Sends an iq whose outcome is kept. */
const startIq = defineCommand<Started>({ name: 'iq.start', changes: ({ type }) => type === 'set' })

/** Answers when the request is under way; its outcome is told later. */
async function start(session: LiveSession, { id, type, to, xml, timeout, most = timeout, trace }: Started): Promise<void> {
  const request = { id, type, payload: reparse(xml), ...(to === undefined ? {} : { to }) }
  if (session.jid === null) throw new Problem('session-offline', 'The session is not online at the moment.', { retryAfter: 5 })
  const until = Date.now() + most
  await session.commit({
    iqs: [{ id, session: session.record.id, status: 'pending', until }],
    state: [pendingIqs.put(id, { type, to, until, ...(trace && { trace }) })],
  })
  follow(session, { id, to, trace }, session.iq(request, { timeout, most }))
}

/** What an owner before sent is answered on the same stream, if that goes on; if not, it fails with it. */
export function takeUp(session: LiveSession): void {
  for (const [id, { type, to, until, trace }] of session.state.all(pendingIqs)) {
    const request = { id, type, ...(to === undefined ? {} : { to }) }
    follow(session, { id, to, trace }, session.awaitAnswer(request, { timeout: Math.max(until - Date.now(), 0) }))
  }
}

type Followed = { id: string; to: string | undefined; trace: Trace | undefined }

function follow(session: LiveSession, request: Followed, answer: Promise<Element>): void {
  void outcome(session, request, answer)
    .then((kept) => told(session, kept, request.trace))
    .catch(() => {}) // whoever owns the session by then tells it
}

async function outcome(session: LiveSession, request: Followed, answer: Promise<Element>): Promise<KeptIq> {
  const kept = { id: request.id, session: session.record.id }
  try {
    return { ...kept, status: 'result', iq: resultJson(await answer, session.record.jid, session.vocabulary, request.to) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { ...kept, status: error.code === 'xmpp-timeout' ? 'timeout' : 'error', error: problemJson(error) }
  }
}

/** In one step, and by its owner alone: a write of any other is refused. */
async function told(session: LiveSession, kept: KeptIq, trace: Trace | undefined): Promise<void> {
  await session.commit({
    iqs: [kept],
    state: [pendingIqs.remove(kept.id)],
    events: [{ type: 'iq.completed', subject: kept.id, data: keptJson(kept), trace }],
  })
}

export const iqCommands = [startIq.by(start)]

/** `{id, type, from, payload?}`; the own account may answer without `from`. */
export function resultJson(answer: Element, account: string, vocabulary: Translator, to?: string): Record<string, unknown> {
  const { to: _, ...json } = vocabulary.read(answer).json
  return { ...json, from: json.from ?? (to === undefined ? accountOf(account) : jid(to)) }
}
