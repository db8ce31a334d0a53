/** The presences that a session knows of others, by full JID. */
import { z } from 'zod'
import type { StanzaJson } from '../codec/translate.ts'
import { Problem } from '../errors/problem.ts'
import { account, unread } from '../gateway/contract/account.ts'
import { presences as presenceKind } from '../gateway/contract/roster-and-presence.ts'
import type { SessionHandle } from '../gateway/contract/session.ts'
import type { EventDraft } from '../gateway/ports/event.ts'
import { accountOf, withoutResource } from '../jid.ts'

/** One resource's presence as callers see it: `{jid, show?, status?, priority, …}`. */
export type Presence = { jid: string; priority: number } & Record<string, unknown>

const resource = z
  .looseObject({
    jid: z.string(),
    show: z.string().optional(),
    status: z.string().optional(),
    statuses: z.unknown().optional(),
    priority: z.number(),
  })
  .meta({ id: 'ResourcePresence', description: 'The presence of one resource' })

export const presencesSchema = z.array(resource)

/** Bare JIDs of all whose presence is known. */
export async function presentOf(session: SessionHandle): Promise<string[]> {
  return [...new Set((await session.stateKeys(presenceKind)).map(accountOf))]
}

/** Did more come than the session remembers, of others than contacts? Rejects with presence-unread where it did of contacts. */
export async function areSomeLeftOut(session: SessionHandle): Promise<boolean> {
  const { presences, 'contact-presences': ofContacts } = unread.of(await session.state(account)) ?? {}
  if (ofContacts)
    throw new Problem('presence-unread', 'More presence of contacts came than the session remembers; the next log-in brings it again.')
  return presences !== undefined
}

/** The known presences of these bare JIDs, highest priority first. */
export async function presencesOf(session: SessionHandle, accounts: readonly string[]): Promise<Map<string, Presence[]>> {
  await areSomeLeftOut(session)
  const wanted = new Set(accounts)
  const jids = (await session.stateKeys(presenceKind)).filter((jid) => wanted.has(accountOf(jid)))
  const all = new Map<string, Presence[]>()
  for (const [jid, json] of await session.state(presenceKind, jids)) {
    const account = accountOf(jid)
    const presences = all.get(account) ?? []
    presences.push(presence(jid, json))
    all.set(account, presences)
  }
  for (const presences of all.values()) presences.sort((one, other) => other.priority - one.priority || (one.jid < other.jid ? -1 : 1))
  return all
}

function presence(jid: string, { to: _to, from: _from, id: _id, type: _type, priority, ...rest }: StanzaJson): Presence {
  return { jid, ...rest, priority: typeof priority === 'number' ? priority : 0 }
}

/** For `snapshot=presence`: who is available now, as the events that would tell it. */
export async function presenceSnapshot(session: SessionHandle): Promise<EventDraft[]> {
  const all = await session.state(presenceKind)
  return [...all].map(([jid, data]) => {
    const from = data.from
    return { type: 'presence.available', subject: withoutResource(typeof from === 'string' ? from : jid), data, volatile: true }
  })
}
