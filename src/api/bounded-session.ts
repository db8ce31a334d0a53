/** A session as a caller has it who may not write to everybody. What goes out for callers goes through here. */
import type { Call } from '../gateway/contract/operation.ts'
import { checkRecipient, recipientsOf } from '../gateway/contract/recipients.ts'
import type { Command, SessionHandle } from '../gateway/contract/session.ts'
import { reparse } from '../xml/parse.ts'

export function boundedSession(session: SessionHandle, recipients: readonly string[]): SessionHandle {
  const bounds = { recipients }
  const own = session.record.jid
  return {
    ...session,
    ...(session.as && { as: (address: string) => boundedSession(session.as!(address), recipients) }),
    recipients,
    async accept(acceptance) {
      for (const { entry } of acceptance.entries)
        for (const to of [entry.to, ...recipientsOf(reparse(entry.xml))]) checkRecipient(bounds, to)
      return await session.accept(acceptance)
    },
    async perform(command, args, options) {
      for (const to of reached(command, args)) checkRecipient(bounds, to, own)
      return await session.perform(command, args, options)
    },
  }
}

/** Before anything is done: throws recipient-not-allowed where a call says that it writes to somebody whom its caller may not write to. */
export function checkReach({ caller, session, params, query, body }: Call): void {
  if (caller.recipients === undefined) return
  for (const part of [params, query, body]) for (const to of named(part)) checkRecipient(caller, to, session?.record.jid)
}

function reached<Args, Result>({ reaches }: Command<Args, Result>, args: Args): readonly string[] {
  if (reaches) return reaches(args)
  const { xml } = Object(args) as { xml?: unknown }
  return [...named(args), ...(typeof xml === 'string' ? recipientsOf(reparse(xml)) : [])]
}

function named(part: unknown): string[] {
  const { to, room } = Object(part) as { to?: unknown; room?: unknown }
  return [to, room].filter((one) => typeof one === 'string')
}
