/** What another service calls a hook with, said by the session. */
import { createHash } from 'node:crypto'
import { parseJson } from '../../api/json.ts'
import { Problem } from '../../errors/problem.ts'
import { invalidRequest } from '../../errors/refusals.ts'
import type { SessionHandle, Sessions } from '../../gateway/contract/session.ts'
import { messageIdOf, newMessageId, tokenHash } from '../../gateway/ids.ts'
import type { HookRecord, HookStore } from '../../gateway/ports/hook.ts'
import type { Trace } from '../../gateway/ports/tracing.ts'
import { replaced } from '../../xml/characters.ts'
import { CLIENT, element } from '../../xml/element.ts'
import { outgoing, recordEvent, refusal } from '../outgoing-message.ts'
import { kindOf, marked } from '../to-rooms.ts'
import { formats } from './formats/formats.ts'
import { rendered } from './template.ts'
import type { Delivery, OfGroup } from './told.ts'

/** A request of another service: its body as text. */
export interface HookRequest {
  token: string
  text: string
  contentType: string
  headers: Readonly<Record<string, string | undefined>>
  trace?: Trace | undefined
}

/** Rejects with hook-not-found, invalid-request, room-not-joined, and what the outbox refuses. Answers the id of the message, also where it was sent before. */
export type Receive = (request: HookRequest) => Promise<{ id: string }>

export function createReceive({ store, sessions, limit }: { store: HookStore; sessions: Sessions; limit: number }): Receive {
  /** Rejects with room-not-joined, and what the outbox refuses; true: it has been sent under this id already. */
  async function send(
    session: SessionHandle,
    to: string,
    body: string,
    { id, trace }: { id: string; trace: Trace | undefined },
  ): Promise<boolean> {
    const kind = await kindOf({ to }, session)
    const message = element('message', CLIENT, { to, id, type: kind.type }, [element('body', CLIENT, {}, [body])])
    const { entry, record } = outgoing(marked(message, kind), session, { limit })
    const result = await session.accept({ entries: [{ entry, record }], events: [recordEvent(record, 'accepted')], trace })
    if (result.kind === 'id-in-use') return true
    if (result.kind !== 'accepted' && result.kind !== 'replayed') throw refusal(result)
    return false
  }

  /**
   * How often something was told of the group, with this. The count is in the id of the message: two that come at one time are one message,
   * and what is sent and then not noted is found by its id when it comes again.
   */
  async function sayOfGroup(hook: HookRecord, say: (...name: (string | number)[]) => Promise<string>, repeats: OfGroup): Promise<string> {
    const state = digest(repeats.state)
    const last = await store.told(hook, repeats.group)
    if (last?.state === state) return say(repeats.group, state, last.count)
    const count = (last?.count ?? 0) + 1
    const id = await say(repeats.group, state, count)
    await store.tell(hook, repeats.group, { state, count })
    return id
  }

  return async ({ token, trace, ...request }) => {
    const hook = await store.find(tokenHash(token))
    if (hook === undefined) throw new Problem('hook-not-found', 'There is no such hook.')
    const delivery = read(hook, request)
    const { text, repeats } = formats[hook.format](delivery)
    const body = replaced(hook.template === undefined ? text : rendered(hook.template, hook.format === 'text' ? { text } : delivery.json))
    if (body.trim() === '') throw invalidRequest('body', 'says nothing')
    const session = await sessions.resolve(hook.tenant, hook.session)
    const say = async (...name: (string | number)[]) => {
      const id = name.length === 0 ? newMessageId(hook.session) : messageIdOf(hook.session, digest(JSON.stringify([hook.id, ...name])))
      await send(session, hook.to, body, { id, trace })
      return id
    }
    if (repeats?.by === 'group') return { id: await sayOfGroup(hook, say, repeats) }
    return { id: await say(...(repeats ? [repeats.id] : [])) }
  }
}

/** JSON in every format but text, also as the field `payload` of a form, as GitHub and Slack can send it. */
function read({ format }: HookRecord, { text, contentType, headers }: Omit<HookRequest, 'token' | 'trace'>): Delivery {
  if (format === 'text') return { text, json: undefined, headers }
  const isForm = contentType.trim().toLowerCase().startsWith('application/x-www-form-urlencoded')
  const given = isForm ? new URLSearchParams(text).get('payload') : text
  if (given === null) throw invalidRequest('body.payload', 'is required in a form')
  return { text: given, json: parseJson(given), headers }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)
