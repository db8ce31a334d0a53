import { reparse } from '../../xml/parse.ts'
import { serialize } from '../../xml/serialize.ts'
import type { Feature } from '../contract/feature.ts'
import type { Command, IqReply } from '../contract/session.ts'
import type { Patience } from './iq-correlator.ts'

/** bytes of the own server's answer to a caller: it goes on as one document */
const ANSWER = 2 * 1024 * 1024

interface Asked {
  type: 'get' | 'set'
  to?: string
  id?: string
  xml: string
  /** absent: until the caller has gone */
  patience?: Patience
}

/** What an owner runs for callers, by name: those of the rooms, and the plain ways to the wire. Args and results are JSON. */
export function createCommands(features: readonly Feature[]): ReadonlyMap<string, Command> {
  const plain: Record<string, Command> = {
    /** XML of a payload → XML of the answering iq */
    async iq(session, { xml, patience, ...request }: Asked, options) {
      return await session.large(ANSWER, async (room) =>
        serialize(await session.iq({ ...request, payload: reparse(xml) }, { ...options, ...patience, room })),
      )
    },
    async reply(session, answer: IqReply) {
      session.reply(answer)
    },
    async send(session, { xml }: { xml: string }) {
      await session.send(reparse(xml))
    },
  }
  return new Map([...Object.entries(plain), ...features.flatMap((feature) => Object.entries(feature.commands ?? {}))])
}
