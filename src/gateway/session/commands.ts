import { Problem } from '../../errors/problem.ts'
import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Feature } from '../contract/feature.ts'
import type { IqReply } from '../contract/iq-reply.ts'
import { defineCommand, type OwnersCommand } from '../contract/session.ts'
import type { Patience } from './iq-correlator.ts'

/** bytes of the own server's answer to a caller: it goes on as one document */
const ANSWER = 2 * 1024 * 1024

interface IqRequest {
  type: 'get' | 'set'
  to?: string
  id?: string
  /** of the payload */
  xml: string
  /** absent: until the caller has gone */
  patience?: Patience
}

/** Sends an iq; the result is the XML of the iq that answers it. */
export const sendIq = defineCommand<IqRequest, string>({ name: 'iq', changes: ({ type }) => type === 'set' })

/** Answers an iq that was raised as `iq.requested`. */
export const replyToIq = defineCommand<IqReply>({ name: 'reply' })

/** Writes a stanza on the primary. */
export const sendStanza = defineCommand<{ xml: string }>({ name: 'send' })

/** The plain ways to the wire. */
const plain: readonly OwnersCommand[] = [
  sendIq.by((session, { xml, patience, ...request }, options) =>
    session.large(ANSWER, async (room) =>
      serialize(await session.iq({ ...request, payload: reparse(xml) }, { ...options, ...patience, room })),
    ),
  ),
  replyToIq.by(async (session, answer) => session.reply(answer)),
  sendStanza.by((session, { xml }) => session.send(reparse(xml))),
]

/** A command as instances ask one another for it. */
export interface Call {
  command: string
  /** absent: 1, as of builds that did not tell it */
  version?: number | undefined
  /** as which address of a component */
  as?: string | undefined
  args: unknown
}

/** What an owner runs for callers, by the name and the version that other instances know of it: those of the rooms, and the plain ones. */
export type Commands = (name: string, version?: number) => OwnersCommand

export function createCommands(features: readonly Feature[]): Commands {
  const all = [...plain, ...features.flatMap(({ commands = [] }) => commands)]
  const byName = new Map(all.map((command) => [command.name, command]))
  if (byName.size !== all.length) throw new Error('A command is declared twice.')
  return (name, version = 1) => {
    const command = byName.get(name)
    return command !== undefined && version <= (command.version ?? 1) ? command : unknown(name)
  }
}

/** An instance of the next version may know more. */
const unknown = (name: string): OwnersCommand => ({
  name,
  async run() {
    throw new Problem('session-offline', `The instance that has the session does not know ${name}.`, { retryAfter: 5 })
  },
})
